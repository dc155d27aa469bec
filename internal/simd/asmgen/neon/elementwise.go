package main

import "math"

// apply writes a function of each value, in place. make is called once, before
// the loop, for constants.
func apply(f *file, name, doc string, make func(k *function) func(v vector, x vreg) vreg) {
	k := f.start(name+"NEON", "func(x *float32, n int)", doc+" n is positive.")
	x, n := k.param("x"), k.param("n")
	of := make(k)
	k.one(n, []reg{x}, func(v vector) { v.store(of(v, v.load(x)), x) })
	k.end()
}

func activations(f *file) {
	apply(f, "rectify", "sets negative values to 0.", func(k *function) func(vector, vreg) vreg {
		zero := k.constant(0)
		return func(_ vector, x vreg) vreg {
			k.three("FMAX", x, x, zero) // NaN stays NaN, as in all that follows
			return x
		}
	})
	hard := func(times bool) func(k *function) func(vector, vreg) vreg {
		return func(k *function) func(vector, vreg) vreg {
			zero, one, half, sixth := k.constant(0), k.constant(1), k.constant(0.5), k.constant(1.0/6)
			return func(_ vector, x vreg) vreg {
				t := k.vec()
				k.move(t, half)
				k.three("FMLA", t, sixth, x)
				k.three("FMAX", t, t, zero)
				k.three("FMIN", t, t, one)
				if times {
					k.three("FMUL", t, t, x)
				}
				return t
			}
		}
	}
	apply(f, "hardSigmoid", "sets x to min(max(x/6 + 1/2, 0), 1).", hard(false))
	apply(f, "hardSwish", "sets x to x*min(max(x/6 + 1/2, 0), 1).", hard(true))

	// logistic is over/(1+exp(-x)), where over is 1 or x.
	logistic := func(k *function, e exponential, x, over vreg) vreg {
		t := k.vec()
		k.two("FNEG", t, x)
		p := e.of(k, t)
		k.three("FADD", p, p, e.one)
		k.three("FDIV", p, over, p)
		return p
	}
	apply(f, "sigmoid", "sets x to 1/(1+exp(-x)).", func(k *function) func(vector, vreg) vreg {
		e := k.exponential()
		return func(_ vector, x vreg) vreg { return logistic(k, e, x, e.one) }
	})
	apply(f, "swish", "sets x to x/(1+exp(-x)).", func(k *function) func(vector, vreg) vreg {
		e := k.exponential()
		return func(_ vector, x vreg) vreg { return logistic(k, e, x, x) }
	})
	apply(f, "geluTanh", "sets x to x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3))).", func(k *function) func(vector, vreg) vreg {
		e := k.exponential()
		cube, line := k.constant(float32(2*math.Sqrt(2/math.Pi)*0.044715)), k.constant(float32(2*math.Sqrt(2/math.Pi)))
		return func(_ vector, x vreg) vreg {
			// (1+tanh(y))/2 is the logistic function of 2y.
			square, t := k.vec(), k.vec()
			k.three("FMUL", square, x, x)
			k.move(t, line)
			k.three("FMLA", t, square, cube)
			k.three("FMUL", t, t, x)
			return logistic(k, e, t, x)
		}
	})
	apply(f, "gelu", "sets x to x/2 * (1 + erf(x/sqrt 2)).", gelu)
}

// gelu takes erf as an odd rational function on [-4, 4], with the coefficients
// of Eigen's generic_fast_erf_float; it is 1 within float32 beyond.
func gelu(k *function) func(vector, vreg) vreg {
	low, high, root, half := k.constant(-4), k.constant(4), k.constant(math.Sqrt2/2), k.constant(0.5)
	top := k.constants(-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
		-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02)
	bottom := k.constants(-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03, -1.42647390514189e-02)
	return func(_ vector, x vreg) vreg {
		t, square := k.vec(), k.vec()
		k.three("FMUL", t, root, x)
		k.three("FMIN", t, t, high)
		k.three("FMAX", t, t, low)
		k.three("FMUL", square, t, t)
		p, q := k.horner(square, top), k.horner(square, bottom)
		k.three("FMUL", p, p, t)
		k.three("FDIV", p, p, q)
		k.three("FMUL", x, x, half)
		k.three("FMLA", x, x, p) // x/2 + x/2*erf
		return x
	}
}

// horner is a polynomial of t, with the coefficient of its highest power first.
func (k *function) horner(t vreg, coefficients []vreg) vreg {
	p, next := k.vec(), k.vec()
	k.move(p, coefficients[1])
	k.three("FMLA", p, t, coefficients[0])
	for _, c := range coefficients[2:] {
		k.move(next, c)
		k.three("FMLA", next, p, t)
		p, next = next, p
	}
	return p
}

// An exponential holds the constants of exp: 1 + t + t^2 q(t) on
// [-ln 2/2, ln 2/2], scaled by a power of two, as on amd64.
type exponential struct {
	one, log2e, high, low, ln2 vreg
	q                          []vreg
}

func (k *function) exponential() exponential {
	return exponential{
		one: k.constant(1), log2e: k.constant(math.Log2E), high: k.constant(88), low: k.constant(-87), ln2: k.constant(math.Ln2),
		q: k.constants(8.3125251098e-3, 4.1890113981e-2, 1.6667114466e-1, 4.9999231786e-1),
	}
}

// of is exp(t); t is lost.
func (e exponential) of(k *function, t vreg) vreg {
	power, square := k.vec(), k.vec()
	k.three("FMIN", t, t, e.high)
	k.three("FMAX", t, t, e.low)
	k.three("FMUL", power, t, e.log2e)
	k.two("FRINTN", power, power)
	k.three("FMLS", t, e.ln2, power)
	p := k.horner(t, e.q)
	k.three("FMUL", square, t, t)
	k.three("FMLA", t, p, square)
	k.three("FADD", t, t, e.one)
	k.two("FCVTNS", power, power)
	k.op("VSHL $23, V%d.S4, V%d.S4", power, power)
	k.op("VADD V%d.S4, V%d.S4, V%d.S4", power, e.one, power) // the bits of 2^power: 1.0 plus power in the exponent
	k.three("FMUL", t, t, power)
	return t
}

// arithmetic writes operations of two operands.
func arithmetic(f *file) {
	for _, o := range []struct{ name, doc, op string }{
		{"add", "a + b", "FADD"}, {"sub", "a - b", "FSUB"}, {"mul", "a * b", "FMUL"}, {"div", "a / b", "FDIV"}, {"maximum", "the larger of a and b", "FMAX"},
	} {
		k := f.start(o.name+"NEON", "func(dst, a, b *float32, n int)", "sets dst to "+o.doc+". n is positive.")
		dst, a, b, n := k.param("dst"), k.param("a"), k.param("b"), k.param("n")
		k.one(n, []reg{dst, a, b}, func(v vector) {
			x, y := v.load(a), v.load(b)
			k.three(o.op, x, x, y)
			v.store(x, dst)
		})
		k.end()
		if o.name == "maximum" {
			continue
		}
		k = f.start(o.name+"ScalarNEON", "func(dst, a *float32, b float32, n int)", "sets dst to "+o.doc+", where b is one number. n is positive.")
		dst, a, n = k.param("dst"), k.param("a"), k.param("n")
		y := k.broadcast("b")
		k.one(n, []reg{dst, a}, func(v vector) {
			x := v.load(a)
			k.three(o.op, x, x, y)
			v.store(x, dst)
		})
		k.end()
	}
	k := f.start("addRectifyNEON", "func(dst, a, b *float32, n int)", "sets dst to max(a + b, 0). n is positive.")
	dst, a, b, n := k.param("dst"), k.param("a"), k.param("b"), k.param("n")
	zero := k.constant(0)
	k.one(n, []reg{dst, a, b}, func(v vector) {
		x, y := v.load(a), v.load(b)
		k.three("FADD", x, x, y)
		k.three("FMAX", x, x, zero)
		v.store(x, dst)
	})
	k.end()
	affine(f, "affine", "sets dst to src*scale + shift.", false)
	affine(f, "affineRectify", "sets dst to max(src*scale + shift, 0).", true)
}

func affine(f *file, name, doc string, rectified bool) {
	k := f.start(name+"NEON", "func(dst, src, scale, shift *float32, n int)", doc+" n is positive.")
	dst, src, scale, shift, n := k.param("dst"), k.param("src"), k.param("scale"), k.param("shift"), k.param("n")
	zero := k.constant(0)
	k.one(n, []reg{dst, src, scale, shift}, func(v vector) {
		x, s, t := v.load(src), v.load(scale), v.load(shift)
		k.three("FMLA", t, x, s)
		if rectified {
			k.three("FMAX", t, t, zero)
		}
		v.store(t, dst)
	})
	k.end()
}

// reductions write what softmax and layer normalization are made of.
func reductions(f *file) {
	k := f.start("largestNEON", "func(x *float32, n int) float32", "is the largest of x, which has no NaN. n is positive.")
	x, n := k.param("x"), k.param("n")
	lowest, most := k.constant(float32(math.Inf(-1))), k.vec()
	k.move(most, lowest)
	k.one(n, []reg{x}, func(v vector) {
		r := v.load(x)
		v.or(r, lowest)
		k.three("FMAX", most, most, r)
	})
	k.fold("FMAXP", most, "ret")
	k.end()

	k = f.start("totalNEON", "func(x *float32, n int) float32", "is the sum of x. n is positive.")
	x, n = k.param("x"), k.param("n")
	sums := k.constants(0, 0)
	k.each(n, []reg{x}, func(vs []vector) {
		for i, v := range vs {
			k.three("FADD", sums[i], sums[i], v.load(x))
		}
	})
	k.three("FADD", sums[0], sums[0], sums[1])
	k.fold("FADDP", sums[0], "ret")
	k.end()

	k = f.start("squaresNEON", "func(x *float32, mean float32, n int) float32", "is the sum of (x-mean)^2. n is positive.")
	x, n = k.param("x"), k.param("n")
	mean := k.broadcast("mean")
	sums = k.constants(0, 0)
	k.each(n, []reg{x}, func(vs []vector) {
		for i, v := range vs {
			r := v.load(x)
			v.or(r, mean)
			k.three("FSUB", r, r, mean)
			k.three("FMLA", sums[i], r, r)
		}
	})
	k.three("FADD", sums[0], sums[0], sums[1])
	k.fold("FADDP", sums[0], "ret")
	k.end()

	k = f.start("exponentialsNEON", "func(dst, src *float32, shift float32, n int) float32", "sets dst to exp(src-shift) and is their sum. n is positive.")
	dst, src, n := k.param("dst"), k.param("src"), k.param("n")
	shift, zero, sum := k.broadcast("shift"), k.constant(0), k.constant(0)
	e := k.exponential()
	k.one(n, []reg{dst, src}, func(v vector) {
		t := v.load(src)
		k.three("FSUB", t, t, shift)
		p := e.of(k, t)
		v.or(p, zero)
		k.three("FADD", sum, sum, p)
		v.store(p, dst)
	})
	k.fold("FADDP", sum, "ret")
	k.end()

	k = f.start("normalizeNEON", "func(dst, src, gamma, beta *float32, mean, scale float32, n int)", "sets dst to (src-mean)*scale*gamma + beta. n is positive.")
	dst, src, n = k.param("dst"), k.param("src"), k.param("n")
	gamma, beta := k.param("gamma"), k.param("beta")
	mean, scale := k.broadcast("mean"), k.broadcast("scale")
	k.one(n, []reg{dst, src, gamma, beta}, func(v vector) {
		r, g, b := v.load(src), v.load(gamma), v.load(beta)
		k.three("FSUB", r, r, mean)
		k.three("FMUL", r, r, scale)
		k.three("FMLA", b, r, g)
		v.store(b, dst)
	})
	k.end()
}
