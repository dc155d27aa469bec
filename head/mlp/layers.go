package mlp

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/cxrkit/cxrkit/internal/simd"
	"github.com/cxrkit/cxrkit/internal/stats"
)

// A dense layer is y = x*w + b, and max(y, 0) if relu is set.
type dense struct {
	*network
	in, out       int
	relu, first   bool      // the first layer's input needs no gradient
	weights, bias []float32 // in x out; out
	scratch       []float32
}

func (d *dense) apply(x, w, b *gorgonia.Node) (*gorgonia.Node, error) {
	widest := max(d.in, d.out)
	d.scratch = make([]float32, max(simd.DynamicScratch(widest, min(d.in, d.out)), simd.DynamicScratch(min(d.in, d.out), widest), simd.DynamicScratch(d.capacity, d.out)))
	return apply("dense", d.capacity*d.out, d.forward, d.back, []bool{!d.first, true, true}, x, w, b)
}

func (d *dense) forward(v [][]float32) {
	x, w, b, y := v[0], v[1], v[2], v[3]
	simd.GemmDynamic(y, x, w, d.rows, d.in, d.out, d.scratch)
	f := simd.None
	if d.relu {
		f = simd.Relu
	}
	for r := range d.rows {
		row := y[r*d.out:][:d.out]
		simd.AddThen(row, row, b, f)
	}
}

func (d *dense) back(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	x, w := in[0], in[1]
	var err error
	if d.relu {
		if dy, err = apply("ReLU's gradient", d.capacity*d.out, d.masked, nil, nil, dy, y); err != nil {
			return nil, err
		}
	}
	dw, err := apply("gradient of weights", d.in*d.out, d.weightGradient(), nil, nil, x, dy)
	if err != nil {
		return nil, err
	}
	db, err := apply("gradient of bias", d.out, func(v [][]float32) { sumRows(v[1], v[0], d.rows) }, nil, nil, dy)
	if err != nil || d.first {
		return gorgonia.Nodes{nil, dw, db}, err
	}
	dx, err := apply("gradient of input", d.capacity*d.in, func(v [][]float32) {
		simd.GemmStrided(v[2], v[0], v[1], d.rows, d.out, d.in, 1, d.out, d.scratch, simd.Single)
	}, nil, nil, dy, w)
	return gorgonia.Nodes{dx, dw, db}, err
}

func (d *dense) masked(v [][]float32) {
	dy, y, out := v[0], v[1], v[2]
	for i, g := range dy[:d.rows*d.out] {
		out[i] = 0
		if y[i] > 0 {
			out[i] = g
		}
	}
}

// weightGradient is x^T * dy.
func (d *dense) weightGradient() func(v [][]float32) {
	turned := make([]float32, d.capacity*d.in)
	return func(v [][]float32) {
		x, dy, dw := v[0], v[1], v[2]
		const block = 16 // of rows and columns, for the cache
		for r0 := 0; r0 < d.rows; r0 += block {
			for j0 := 0; j0 < d.in; j0 += block {
				for r := r0; r < min(r0+block, d.rows); r++ {
					for j := j0; j < min(j0+block, d.in); j++ {
						turned[j*d.rows+r] = x[r*d.in+j]
					}
				}
			}
		}
		simd.GemmDynamic(dw, turned, dy, d.in, d.rows, d.out, d.scratch)
	}
}

// sumRows sets dst to the sum of some rows of its length.
func sumRows(dst, src []float32, rows int) {
	clear(dst)
	for r := range rows {
		simd.Add.Vectors(dst, dst, src[r*len(dst):])
	}
}

// A norm is batch normalization: mean 0 and deviation 1 of each unit over the
// films of a step, times gamma, plus beta (Ioffe and Szegedy 2015). The running
// variance is that of a sample, n-1, as PyTorch's.
type norm struct {
	*network
	units, seen          int // seen: steps so far
	gamma, beta          []float32
	running, runningVar  []float32
	mean, inverse        []float32 // of the step: 1/deviation
	scale, shift, buffer []float32
}

// normEpsilon is Keras's.
const normEpsilon = 1e-3

func newNorm(n *network, units int) *norm {
	b := &norm{network: n, units: units}
	for _, v := range []*[]float32{&b.gamma, &b.beta, &b.running, &b.runningVar, &b.mean, &b.inverse, &b.scale, &b.shift, &b.buffer} {
		*v = make([]float32, units)
	}
	for j := range units {
		b.gamma[j], b.runningVar[j] = 1, 1
	}
	return b
}

func (b *norm) apply(x, gamma, beta *gorgonia.Node) (*gorgonia.Node, error) {
	return apply("batch normalization", b.capacity*b.units, b.forward, b.back, []bool{true, true, true}, x, gamma, beta)
}

func (b *norm) forward(v [][]float32) {
	x, gamma, beta, y := v[0], v[1], v[2], v[3]
	n := float32(b.rows)
	sumRows(b.mean, x, b.rows)
	simd.Div.Scalar(b.mean, b.mean, n)
	squares := b.inverse
	clear(squares)
	for r := range b.rows {
		simd.Sub.Vectors(b.buffer, x[r*b.units:][:b.units], b.mean)
		simd.Mul.Vectors(b.buffer, b.buffer, b.buffer)
		simd.Add.Vectors(squares, squares, b.buffer)
	}
	// At first the mean of all steps: what the running statistics start from says
	// nothing, and an early epoch would be judged by it.
	b.seen++
	keep := min(float32(b.trainer.Momentum), 1-1/float32(b.seen))
	for j, s := range squares {
		b.running[j] = keep*b.running[j] + (1-keep)*b.mean[j]
		b.runningVar[j] = keep*b.runningVar[j] + (1-keep)*s/max(n-1, 1)
		b.inverse[j] = float32(1 / math.Sqrt(float64(s/n)+normEpsilon))
		b.scale[j] = gamma[j] * b.inverse[j]
		b.shift[j] = beta[j] - b.mean[j]*b.scale[j]
	}
	for r := range b.rows {
		simd.Affine(y[r*b.units:][:b.units], x[r*b.units:], b.scale, b.shift, simd.None)
	}
}

func (b *norm) back(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
	x, gamma := in[0], in[1]
	dBeta, err := apply("gradient of beta", b.units, func(v [][]float32) { sumRows(v[1], v[0], b.rows) }, nil, nil, dy)
	if err != nil {
		return nil, err
	}
	dGamma, err := apply("gradient of gamma", b.units, b.gammaGradient, nil, nil, x, dy)
	if err != nil {
		return nil, err
	}
	dx, err := apply("gradient of normalized", b.capacity*b.units, b.inputGradient, nil, nil, x, dy, gamma, dGamma, dBeta)
	return gorgonia.Nodes{dx, dGamma, dBeta}, err
}

// gammaGradient is the sum of dy times the normalized input.
func (b *norm) gammaGradient(v [][]float32) {
	x, dy, out := v[0], v[1], v[2]
	clear(out)
	for r := range b.rows {
		simd.Sub.Vectors(b.buffer, x[r*b.units:][:b.units], b.mean)
		simd.Mul.Vectors(b.buffer, b.buffer, dy[r*b.units:])
		simd.Add.Vectors(out, out, b.buffer)
	}
	simd.Mul.Vectors(out, out, b.inverse)
}

// inputGradient is gamma/deviation * (dy - mean(dy) - normalized*mean(dy*normalized)),
// as dy*scale + shift + x*slope.
func (b *norm) inputGradient(v [][]float32) {
	x, dy, gamma, dGamma, dBeta, out := v[0], v[1], v[2], v[3], v[4], v[5]
	n := float32(b.rows)
	scale, shift, slope := b.scale, b.shift, b.buffer
	for j := range b.units {
		scale[j] = gamma[j] * b.inverse[j]
		slope[j] = -scale[j] * b.inverse[j] * dGamma[j] / n
		shift[j] = -scale[j]*dBeta[j]/n - b.mean[j]*slope[j]
	}
	product := make([]float32, b.units)
	for r := range b.rows {
		row := out[r*b.units:][:b.units]
		simd.Affine(row, dy[r*b.units:], scale, shift, simd.None)
		simd.Mul.Vectors(product, x[r*b.units:][:b.units], slope)
		simd.Add.Vectors(row, row, product)
	}
}

// inUse is what a unit is multiplied with and what is added outside training.
func (b *norm) inUse(j int) (scale, shift float64) {
	scale = float64(b.gamma[j]) / math.Sqrt(float64(b.runningVar[j])+normEpsilon)
	return scale, float64(b.beta[j]) - float64(b.running[j])*scale
}

// dropout leaves out units at random and makes up for them with the others.
func (n *network) dropout(x *gorgonia.Node, units int) (*gorgonia.Node, error) {
	mask := make([]float32, n.capacity*units)
	threshold := uint64(n.trainer.Dropout * (1 << 16))
	keep := float32(1 / (1 - float64(threshold)/(1<<16)))
	size := n.capacity * units
	return apply("dropout", size, func(v [][]float32) {
		var bits uint64
		for i := range mask[:n.rows*units] {
			if i%4 == 0 {
				bits = n.rng.Uint64()
			}
			mask[i] = 0
			if bits&0xffff >= threshold {
				mask[i] = keep
			}
			bits >>= 16
		}
		simd.Mul.Vectors(v[1][:n.rows*units], v[0], mask)
	}, func(_ gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := apply("dropout's gradient", size, func(v [][]float32) { simd.Mul.Vectors(v[1][:n.rows*units], v[0], mask) }, nil, nil, dy)
		return gorgonia.Nodes{dx}, err
	}, []bool{true}, x)
}

// crossEntropy is the weighted mean loss of log odds over the known labels, 0 if
// there are none.
func (n *network) crossEntropy(z *gorgonia.Node, findings int) (*gorgonia.Node, error) {
	total := func() (sum float64) {
		for _, w := range n.w[:n.rows*findings] {
			sum += float64(w)
		}
		return max(sum, math.SmallestNonzeroFloat32)
	}
	return apply("cross-entropy", 0, func(v [][]float32) {
		var sum float64
		for i, z := range v[0][:n.rows*findings] {
			if n.w[i] != 0 {
				sum += float64(n.w[i]) * stats.CrossEntropy(float64(z), float64(n.y[i]))
			}
		}
		v[1][0] = float32(sum / total())
	}, func(in gorgonia.Nodes, _, _ *gorgonia.Node) (gorgonia.Nodes, error) {
		dz, err := apply("gradient of log odds", n.capacity*findings, func(v [][]float32) {
			scale := 1 / total()
			for i, z := range v[0][:n.rows*findings] {
				p := 1 / (1 + math.Exp(-float64(z)))
				v[1][i] = float32(float64(n.w[i]) * (p - float64(n.y[i])) * scale)
			}
		}, nil, nil, in[0])
		return gorgonia.Nodes{dz}, err
	}, []bool{true}, z)
}
