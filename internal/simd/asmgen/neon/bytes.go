package main

// steps writes a loop over n values, some at a time, whose body moves the pointers.
func (k *function) steps(n reg, atOnce int, body func()) {
	k.label("loop")
	body()
	k.op("SUBS $%d, R%d", atOnce, n)
	k.op("BNE loop")
}

// load is pairs of vectors at a pointer, which moves behind them.
func (k *function) load(from reg, n int) []vreg {
	x := k.vecs(n)
	for i := 0; i < n; i += 2 {
		k.op("FLDPQ.P 32(R%d), (F%d, F%d)", from, x[i], x[i+1])
	}
	return x
}

func (k *function) store(x []vreg, to reg) {
	for i := 0; i < len(x); i += 2 {
		k.op("FSTPQ.P (F%d, F%d), 32(R%d)", x[i], x[i+1], to)
	}
}

// A bounds is what values are limited to before they become bytes.
type bounds struct{ low, high, zero vreg }

func (k *function) bounds() bounds {
	b := bounds{k.broadcast("low"), k.broadcast("high"), k.broadcast("zero")}
	k.two("FCVTNS", b.zero, b.zero)
	return b
}

// round makes integers of values, limited, ties to even. A NaN, which no arithmetic
// leaves signaling, becomes the low limit.
func (k *function) round(x, low, high vreg) {
	k.three("FMAXNM", x, x, low)
	k.three("FMIN", x, x, high)
	k.two("FCVTNS", x, x)
}

// storeBytes writes 16 values, limited, rounded and with the zero point added.
func (k *function) storeBytes(x []vreg, b bounds, to reg) {
	for _, v := range x {
		k.round(v, b.low, b.high)
		k.op("VADD V%d.S4, V%d.S4, V%d.S4", b.zero, v, v)
	}
	k.op("VUZP1 V%d.H8, V%d.H8, V%d.H8", x[1], x[0], x[0])
	k.op("VUZP1 V%d.H8, V%d.H8, V%d.H8", x[3], x[2], x[2])
	k.op("VUZP1 V%d.B16, V%d.B16, V%d.B16", x[2], x[0], x[0])
	k.op("FMOVQ.P F%d, 16(R%d)", x[0], to)
}

// loadBytes is 16 bytes less their zero point, times their scale.
func (k *function) loadBytes(from reg, zero, scale vreg) []vreg {
	x, upper := k.vecs(4), k.vec()
	k.op("FMOVQ.P 16(R%d), F%d", from, x[0])
	k.op("VUXTL2 V%d.B16, V%d.H8", x[0], upper)
	k.op("VUXTL V%d.B8, V%d.H8", x[0], x[0])
	k.op("VUXTL2 V%d.H8, V%d.S4", x[0], x[1])
	k.op("VUXTL V%d.H4, V%d.S4", x[0], x[0])
	k.op("VUXTL V%d.H4, V%d.S4", upper, x[2])
	k.op("VUXTL2 V%d.H8, V%d.S4", upper, x[3])
	for _, v := range x {
		k.two("SCVTF", v, v)
		k.three("FSUB", v, v, zero)
		k.three("FMUL", v, v, scale)
	}
	return x
}

// quantized writes the loops around products of bytes.
func quantized(f *file) {
	fromSums(f)

	k := f.start("quantizeNEON", "func(dst *uint8, src *float32, n int, scale, low, high, zero float32)",
		"sets dst to round(min(max(src/scale, low), high)) + zero, ties to even; n is a positive multiple of 16.")
	dst, src, n := k.param("dst"), k.param("src"), k.param("n")
	scale, b := k.broadcast("scale"), k.bounds()
	k.steps(n, 16, func() {
		x := k.load(src, 4)
		for _, v := range x {
			k.three("FDIV", v, v, scale)
		}
		k.storeBytes(x, b, dst)
	})
	k.end()

	k = f.start("widenNEON", "func(dst *float32, src *uint8, n int, scale, zero float32)", "sets dst to (src - zero)*scale; n is a positive multiple of 16.")
	dst, src, n = k.param("dst"), k.param("src"), k.param("n")
	scale, zero := k.broadcast("scale"), k.broadcast("zero")
	k.steps(n, 16, func() { k.store(k.loadBytes(src, zero, scale), dst) })
	k.end()

	k = f.start("snapNEON", "func(dst, src *float32, n int, scale, low, high float32)",
		"sets dst to round(min(max(src/scale, low), high))*scale, ties to even; n is a positive multiple of 16.")
	dst, src, n = k.param("dst"), k.param("src"), k.param("n")
	scale, low, high := k.broadcast("scale"), k.broadcast("low"), k.broadcast("high")
	k.steps(n, 16, func() {
		x := k.load(src, 4)
		for _, v := range x {
			k.three("FDIV", v, v, scale)
			k.round(v, low, high)
			k.two("SCVTF", v, v)
			k.three("FMUL", v, v, scale)
		}
		k.store(x, dst)
	})
	k.end()

	k = f.start("addBytesNEON", "func(dst, a, b *uint8, n int, scaleA, zeroA, scaleB, zeroB, scale, low, high, zero float32)",
		"sets dst to round(min(max(((a-zeroA)*scaleA + (b-zeroB)*scaleB)/scale, low), high)) + zero, ties to", "even; n is a positive multiple of 16.")
	dst, first, second, n := k.param("dst"), k.param("a"), k.param("b"), k.param("n")
	scaleA, zeroA, scaleB, zeroB, scale := k.broadcast("scaleA"), k.broadcast("zeroA"), k.broadcast("scaleB"), k.broadcast("zeroB"), k.broadcast("scale")
	b = k.bounds()
	k.steps(n, 16, func() {
		x, y := k.loadBytes(first, zeroA, scaleA), k.loadBytes(second, zeroB, scaleB)
		for i, v := range x {
			k.three("FADD", v, v, y[i])
			k.three("FDIV", v, v, scale)
		}
		k.storeBytes(x, b, dst)
	})
	k.end()

	k = f.start("extremesNEON", "func(x *float32, n int) (low, high float32)", "is the smallest and the largest value, or 0 beyond them; n is a positive multiple of 16.")
	src, n = k.param("x"), k.param("n")
	lows, highs := k.constants(0, 0), k.constants(0, 0)
	k.steps(n, 16, func() {
		lower, higher := k.vec(), k.vec()
		for i, v := range k.load(src, 4) {
			low, high := lows[i%2], highs[i%2]
			k.three("FCMGT", lower, low, v) // false of a NaN, which minima would keep
			k.three("FCMGT", higher, v, high)
			k.op("VBIT V%d.B16, V%d.B16, V%d.B16", lower, v, low)
			k.op("VBIT V%d.B16, V%d.B16, V%d.B16", higher, v, high)
		}
	})
	k.three("FMIN", lows[0], lows[0], lows[1])
	k.three("FMAX", highs[0], highs[0], highs[1])
	k.fold("FMINP", lows[0], "low")
	k.fold("FMAXP", highs[0], "high")
	k.end()

	k = f.start("maxBytesNEON", "func(dst, a, b *uint8, n int)", "sets dst to the larger of a and b; n is a positive multiple of 32.")
	dst, first, second, n = k.param("dst"), k.param("a"), k.param("b"), k.param("n")
	k.steps(n, 32, func() {
		x, y := k.load(first, 2), k.load(second, 2)
		for i, v := range x {
			k.op("VUMAX V%d.B16, V%d.B16, V%d.B16", y[i], v, v)
		}
		k.store(x, dst)
	})
	k.end()
}

// fromSums writes what becomes of a tile of sums.
func fromSums(f *file) {
	k := f.start("requantizeNEON", "func(dst *uint8, ldd int, sums *int32, rows int, scale *float32, low, high, zero float32)",
		"sets rows of 32 bytes, ldd bytes apart, to round(min(max(sum*scale, low), high)) + zero, ties", "to even. scale is one for each column; rows is positive.")
	dst, ldd, sums, rows, scale := k.param("dst"), k.param("ldd"), k.param("sums"), k.param("rows"), k.param("scale")
	b := k.bounds()
	scales := k.load(scale, panel/4)
	k.op("SUB $%d, R%d", panel, ldd) // which the pointer has moved by at the end of a row
	k.steps(rows, 1, func() {
		for j := 0; j < len(scales); j += 4 {
			x := k.load(sums, 4)
			for i, v := range x {
				k.two("SCVTF", v, v)
				k.three("FMUL", v, v, scales[j+i])
			}
			k.storeBytes(x, b, dst)
		}
		k.add(ldd, dst)
	})
	k.end()

	k = f.start("rescaleNEON", "func(dst *float32, ldd int, sums *int32, rows int, scale, bias *float32)",
		"sets rows of 32 values, ldd bytes apart, to sum*scale + bias, which are one for each column;", "rows is positive.")
	dst, ldd, sums, rows, scale = k.param("dst"), k.param("ldd"), k.param("sums"), k.param("rows"), k.param("scale")
	bias := k.param("bias")
	scales, biases := k.load(scale, panel/4), k.load(bias, panel/4)
	k.op("SUB $%d, R%d", 4*panel, ldd)
	k.steps(rows, 1, func() {
		x := k.load(sums, panel/4)
		for i, v := range x {
			k.two("SCVTF", v, v)
			k.three("FMUL", v, v, scales[i])
			k.three("FADD", v, v, biases[i]) // apart: the sum of a product rounds twice on every path
		}
		k.store(x, dst)
		k.add(ldd, dst)
	})
	k.end()
}
