package simd

// An Operation is arithmetic on two operands.
type Operation int

// Operations.
const (
	Add Operation = iota
	Sub
	Mul
	Div
	operations
)

// Vectors sets dst to a o b. All have the length of dst; dst may be a or b.
func (o Operation) Vectors(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	n := current.reach(len(dst))
	if n > 0 {
		current.arithmetic[o](&dst[0], &a[0], &b[0], n)
	}
	dst, a, b = dst[n:], a[n:], b[n:]
	a, b = a[:len(dst)], b[:len(dst)] // bounds that the compiler sees
	switch o {
	case Add:
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	case Sub:
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	case Mul:
		for i := range dst {
			dst[i] = a[i] * b[i]
		}
	case Div:
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	}
}

// Scalar sets dst to a o b, where b is one number; dst may be a.
func (o Operation) Scalar(dst, a []float32, b float32) {
	a = a[:len(dst)]
	n := current.reach(len(dst))
	if n > 0 {
		current.scalar[o](&dst[0], &a[0], b, n)
	}
	dst, a = dst[n:], a[n:]
	a = a[:len(dst)]
	switch o {
	case Add:
		for i := range dst {
			dst[i] = a[i] + b
		}
	case Sub:
		for i := range dst {
			dst[i] = a[i] - b
		}
	case Mul:
		for i := range dst {
			dst[i] = a[i] * b
		}
	case Div:
		for i := range dst {
			dst[i] = a[i] / b
		}
	}
}

// AddThen sets dst to f(a + b).
func AddThen(dst, a, b []float32, f Activation) {
	if f != Relu {
		Add.Vectors(dst, a, b)
		f.Apply(dst)
		return
	}
	a, b = a[:len(dst)], b[:len(dst)]
	n := current.reach(len(dst))
	if n > 0 {
		current.addRectify(&dst[0], &a[0], &b[0], n)
	}
	for ; n < len(dst); n++ {
		dst[n] = rectify(a[n] + b[n])
	}
}

// Maximum sets dst to the larger of a and b, value by value.
func Maximum(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	n := current.reach(len(dst))
	if n > 0 {
		current.maximum(&dst[0], &a[0], &b[0], n)
	}
	for ; n < len(dst); n++ {
		dst[n] = larger(a[n], b[n])
	}
}

// Affine sets dst to f(src*scale + shift), value by value.
func Affine(dst, src, scale, shift []float32, f Activation) {
	src, scale, shift = src[:len(dst)], scale[:len(dst)], shift[:len(dst)]
	n := current.reach(len(dst))
	if n > 0 {
		run := current.affine
		if f == Relu {
			run = current.affineRectify
		}
		run(&dst[0], &src[0], &scale[0], &shift[0], n)
	}
	rest := dst[n:]
	for i := range rest {
		rest[i] = src[n+i]*scale[n+i] + shift[n+i]
	}
	if f == Relu {
		f.Apply(rest)
	} else {
		f.Apply(dst)
	}
}
