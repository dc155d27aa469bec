package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// start begins a function of one of the widths.
func (w width) start(name, signature, doc string) {
	TEXT(name+w.name, NOSPLIT, signature)
	Doc(name + w.name + " " + doc + " " + w.scope())
}

func pointer(name string) reg.Register { return Load(Param(name), GP64()) }

func (w width) broadcast(name string) reg.VecVirtual {
	x := XMM()
	Load(Param(name), x)
	r := w.reg()
	VBROADCASTSS(x, r)
	return r
}

// function writes a function of each value, in place. make is called once,
// before the loop, for constants.
func (w width) function(name, doc string, make func() func(v vector, x reg.VecVirtual) reg.VecVirtual) {
	w.start(name, "func(x *float32, n int)", doc)
	x, n := pointer("x"), pointer("n")
	f := make()
	w.each(n, []reg.Register{x}, func(v vector) { v.store(f(v, v.load(x)), x) })
	end()
}

func (w width) activations() {
	w.function("rectify", "sets negative values to 0.", func() func(vector, reg.VecVirtual) reg.VecVirtual {
		zero := w.zero()
		return func(_ vector, x reg.VecVirtual) reg.VecVirtual {
			VMAXPS(x, zero, x) // the second source wins on NaN, so NaN stays
			return x
		}
	})
	hard := func(times bool) func() func(vector, reg.VecVirtual) reg.VecVirtual {
		return func() func(vector, reg.VecVirtual) reg.VecVirtual {
			zero, one, half, sixth := w.zero(), w.constant(1), w.constant(0.5), w.constant(1.0/6)
			return func(_ vector, x reg.VecVirtual) reg.VecVirtual {
				t := w.reg()
				VMOVAPS(half, t)
				VFMADD231PS(sixth, x, t)
				VMAXPS(t, zero, t)
				VMINPS(t, one, t)
				if times {
					VMULPS(x, t, t)
				}
				return t
			}
		}
	}
	w.function("hardSigmoid", "sets x to min(max(x/6 + 1/2, 0), 1).", hard(false))
	w.function("hardSwish", "sets x to x*min(max(x/6 + 1/2, 0), 1).", hard(true))

	logistic := func(argument func(x reg.VecVirtual) reg.VecVirtual, times bool) func() func(vector, reg.VecVirtual) reg.VecVirtual {
		return func() func(vector, reg.VecVirtual) reg.VecVirtual {
			e := w.exponential()
			one := e.one
			return func(_ vector, x reg.VecVirtual) reg.VecVirtual {
				t := w.reg()
				from := x
				if argument != nil {
					from = argument(x)
				}
				VSUBPS(from, e.zero, t)
				p := e.of(t)
				VADDPS(one, p, p)
				if !w.wide() {
					if times {
						VDIVPS(p, x, x)
					} else {
						VDIVPS(p, one, x)
					}
					return x
				}
				// A division takes as long as ten products: an estimate of 14
				// bits and one step of Newton's, r + r*(1 - p*r), do.
				r := w.reg()
				VRCP14PS(p, r)
				VFNMADD213PS(one, r, p)
				VFMADD213PS(r, r, p)
				if times {
					VMULPS(x, p, p)
				}
				return p
			}
		}
	}
	w.function("sigmoid", "sets x to 1/(1+exp(-x)).", logistic(nil, false))
	w.function("swish", "sets x to x/(1+exp(-x)).", logistic(nil, true))
	w.function("geluTanh", "sets x to x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3))).", logistic(func(x reg.VecVirtual) reg.VecVirtual {
		// (1+tanh(y))/2 is the logistic function of 2y.
		t := w.reg()
		VMULPS(x, x, t)
		VMULPS(w.memory(float32(2*math.Sqrt(2/math.Pi)*0.044715)), t, t)
		VADDPS(w.memory(float32(2*math.Sqrt(2/math.Pi))), t, t)
		VMULPS(x, t, t)
		return t
	}, true))
	w.function("gelu", "sets x to x/2 * (1 + erf(x/sqrt 2)).", w.gelu)
}

// gelu takes erf as an odd rational function on [-4, 4], with the coefficients
// of Eigen's generic_fast_erf_float; it is 1 within float32 beyond.
func (w width) gelu() func(vector, reg.VecVirtual) reg.VecVirtual {
	low, high, root := w.constant(-4), w.constant(4), w.constant(math.Sqrt2/2)
	half := w.constant(0.5)
	top := []float32{
		-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
		-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02,
	}
	bottom := []float32{-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03, -1.42647390514189e-02}
	horner := func(coefficients []float32, square reg.VecVirtual) reg.VecVirtual {
		p := w.reg()
		VMOVUPS(w.memory(coefficients[0]), p)
		for _, c := range coefficients[1:] {
			VFMADD213PS(w.memory(c), square, p)
		}
		return p
	}
	return func(_ vector, x reg.VecVirtual) reg.VecVirtual {
		t, square := w.reg(), w.reg()
		VMULPS(root, x, t)
		VMINPS(t, high, t) // in this order NaN stays NaN
		VMAXPS(t, low, t)
		VMULPS(t, t, square)
		p, q := horner(top, square), horner(bottom, square)
		VMULPS(t, p, p)
		VDIVPS(q, p, p)
		VMULPS(half, x, x)
		VFMADD213PS(x, x, p) // x/2*erf + x/2
		return p
	}
}

// An exponential holds the constants of exp: 1 + t + t^2 q(t) on
// [-ln 2/2, ln 2/2], scaled by a power of two. q is of degree 3, fitted for the
// least largest relative error (Lawson's iteration): 1.7e-7 in float32.
type exponential struct {
	width
	zero, one, log2e, high, low, ln2 reg.VecVirtual
}

func (w width) exponential() exponential {
	return exponential{
		width: w, zero: w.zero(), one: w.constant(1), log2e: w.constant(math.Log2E), high: w.constant(88), low: w.constant(-87),
		ln2: w.constant(math.Ln2), // 2e-9 off, times at most 127
	}
}

// of is exp(t); t is lost.
func (e exponential) of(t reg.VecVirtual) reg.VecVirtual {
	k, p, square := e.reg(), e.reg(), e.reg()
	VMINPS(t, e.high, t) // in this order NaN stays NaN
	VMAXPS(t, e.low, t)
	VMULPS(e.log2e, t, k)
	e.round(k, k)
	VFNMADD231PS(e.ln2, k, t)
	VMOVUPS(e.memory(8.3125251098e-3), p)
	for _, c := range []float32{4.1890113981e-2, 1.6667114466e-1, 4.9999231786e-1} {
		VFMADD213PS(e.memory(c), t, p)
	}
	VMULPS(t, t, square)
	VFMADD213PS(t, square, p)
	VADDPS(e.one, p, p)
	if e.wide() {
		VSCALEFPS(k, p, p)
		return p
	}
	VCVTPS2DQ(k, k)
	VPSLLD(Imm(23), k, k)
	VPADDD(e.one, k, k) // the bits of 2^k: 1.0 plus k in the exponent
	VMULPS(k, p, p)
	return p
}

// arithmetic writes operations of two operands.
func (w width) arithmetic() {
	for _, o := range []struct {
		name, doc string
		op        func(ops ...Op)
	}{
		{"add", "a + b", VADDPS}, {"sub", "a - b", VSUBPS}, {"mul", "a * b", VMULPS}, {"div", "a / b", VDIVPS}, {"maximum", "the larger of a and b", VMAXPS},
	} {
		w.start(o.name, "func(dst, a, b *float32, n int)", "sets dst to "+o.doc+".")
		dst, a, b, n := pointer("dst"), pointer("a"), pointer("b"), pointer("n")
		w.each(n, []reg.Register{dst, a, b}, func(v vector) {
			x, y := v.load(a), v.load(b)
			o.op(y, x, x)
			v.store(x, dst)
		})
		end()
		if o.name == "maximum" {
			continue
		}
		w.start(o.name+"Scalar", "func(dst, a *float32, b float32, n int)", "sets dst to "+o.doc+", where b is one number.")
		dst, a, n = pointer("dst"), pointer("a"), pointer("n")
		y := w.broadcast("b")
		w.each(n, []reg.Register{dst, a}, func(v vector) {
			x := v.load(a)
			o.op(y, x, x)
			v.store(x, dst)
		})
		end()
	}
	w.start("addRectify", "func(dst, a, b *float32, n int)", "sets dst to max(a + b, 0).")
	dst, a, b, n := pointer("dst"), pointer("a"), pointer("b"), pointer("n")
	zero := w.zero()
	w.each(n, []reg.Register{dst, a, b}, func(v vector) {
		x := v.load(a)
		VADDPS(v.load(b), x, x)
		VMAXPS(x, zero, x)
		v.store(x, dst)
	})
	end()
	w.affine("affine", "sets dst to src*scale + shift.", false)
	w.affine("affineRectify", "sets dst to max(src*scale + shift, 0).", true)
}

func (w width) affine(name, doc string, rectified bool) {
	w.start(name, "func(dst, src, scale, shift *float32, n int)", doc)
	dst, src, scale, shift, n := pointer("dst"), pointer("src"), pointer("scale"), pointer("shift"), pointer("n")
	zero := w.zero()
	w.each(n, []reg.Register{dst, src, scale, shift}, func(v vector) {
		x, s, t := v.load(src), v.load(scale), v.load(shift)
		VFMADD213PS(t, s, x)
		if rectified {
			VMAXPS(x, zero, x)
		}
		v.store(x, dst)
	})
	end()
}

// reductions write what softmax and layer normalization are made of.
func (w width) reductions() {
	w.start("largest", "func(x *float32, n int) float32", "is the largest of x, which has no NaN.")
	x, n := pointer("x"), pointer("n")
	lowest := w.constant(float32(math.Inf(-1)))
	sum := w.reg()
	VMOVAPS(lowest, sum)
	w.each(n, []reg.Register{x}, func(v vector) {
		r := v.load(x)
		v.or(r, lowest)
		VMAXPS(r, sum, sum)
	})
	w.fold(sum, VMAXPS)
	end()

	w.start("total", "func(x *float32, n int) float32", "is the sum of x.")
	x, n = pointer("x"), pointer("n")
	sum = w.zero()
	w.each(n, []reg.Register{x}, func(v vector) { VADDPS(v.load(x), sum, sum) })
	w.fold(sum, VADDPS)
	end()

	w.start("squares", "func(x *float32, mean float32, n int) float32", "is the sum of (x-mean)^2.")
	x, n = pointer("x"), pointer("n")
	mean := w.broadcast("mean")
	sum = w.zero()
	w.each(n, []reg.Register{x}, func(v vector) {
		r := v.load(x)
		v.or(r, mean)
		VSUBPS(mean, r, r)
		VFMADD231PS(r, r, sum)
	})
	w.fold(sum, VADDPS)
	end()

	w.start("exponentials", "func(dst, src *float32, shift float32, n int) float32", "sets dst to exp(src-shift) and is their sum.")
	dst, src, n := pointer("dst"), pointer("src"), pointer("n")
	shift := w.broadcast("shift")
	e := w.exponential()
	sum = w.zero()
	w.each(n, []reg.Register{dst, src}, func(v vector) {
		t := v.load(src)
		VSUBPS(shift, t, t)
		p := e.of(t)
		v.or(p, e.zero)
		VADDPS(p, sum, sum)
		v.store(p, dst)
	})
	w.fold(sum, VADDPS)
	end()

	w.start("normalize", "func(dst, src, gamma, beta *float32, mean, scale float32, n int)", "sets dst to (src-mean)*scale*gamma + beta.")
	dst, src, n = pointer("dst"), pointer("src"), pointer("n")
	gamma, beta := pointer("gamma"), pointer("beta")
	mean, scale := w.broadcast("mean"), w.broadcast("scale")
	w.each(n, []reg.Register{dst, src, gamma, beta}, func(v vector) {
		r, g, b := v.load(src), v.load(gamma), v.load(beta)
		VSUBPS(mean, r, r)
		VMULPS(scale, r, r)
		VFMADD213PS(b, g, r)
		v.store(r, dst)
	})
	end()
}
