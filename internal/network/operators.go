package network

import (
	"math"
	"slices"

	"github.com/cxrkit/cxrkit/internal/kernel"
	"github.com/cxrkit/cxrkit/internal/onnx"
)

// An operator compiles one node. in has a tensor for each input of the node,
// nil for one that is left out.
type operator func(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error)

// operators by ONNX name. An operator that is not here is refused by name.
var operators map[string]operator

func init() { // not a literal: operators look ahead at others
	operators = map[string]operator{
		"Add": addition.operator, "Sub": subtraction.operator, "Mul": multiplication.operator, "Div": division.operator,
		"Pow": power.operator, "Min": smaller.operator, "Max": larger.operator, "Equal": equality.operator, "Less": less.operator, "Greater": greater.operator, "Not": opNot, "Mod": modulo.operator,
		"Relu": opActivation, "Sigmoid": opActivation, "HardSwish": opActivation, "HardSigmoid": opActivation, "Tanh": opActivation, "Gelu": opActivation,
		"Erf": unary(kernel.Erf), "Sqrt": unary(kernel.Sqrt), "Exp": unary(kernel.Exp), "Neg": opNegative, "Clip": opClip, "LeakyRelu": opLeaky,
		"Conv": opConv, "BatchNormalization": opBatchNorm, "MaxPool": opMaxPool, "AveragePool": opAveragePool,
		"GlobalAveragePool": opGlobalAveragePool, "GlobalMaxPool": opGlobalMaxPool,
		"Gemm": opGemm, "MatMul": opMatMul, "Softmax": opSoftmax, "LayerNormalization": opLayerNorm,
		"ReduceMean": opReduce, "ReduceSum": opReduce, "ReduceMax": opReduce,
		"Identity": opIdentity, "Dropout": opIdentity, "Constant": opConstant, "Cast": opCast, "Shape": opShape,
		"Reshape": opReshape, "Flatten": opFlatten, "Squeeze": opSqueeze, "Unsqueeze": opUnsqueeze, "Transpose": opTranspose,
		"Concat": opConcat, "Slice": opSlice, "Gather": opGather, "Split": opSplit, "Pad": opPad, "Expand": opExpand,
		"ConstantOfShape": opConstantOfShape, "Where": opWhere, "Range": opRange, "ScatterND": opScatterND, "Resize": opResize, "Upsample": opResize,
		"DequantizeLinear": opDequantize, "QuantizeLinear": opQuantize,
	}
}

// opSplit parts a tensor along an axis.
func opSplit(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	a, err := axis(n, n.Int("axis", 0), len(t.shape))
	if err != nil {
		return nil, err
	}
	sizes := n.Ints("split")
	if sizes == nil && len(in) > 1 && in[1] != nil {
		for _, v := range in[1].ints {
			sizes = append(sizes, int(v))
		}
	}
	if sizes == nil {
		parts := len(n.Outputs)
		for i := range parts {
			each := (t.shape[a] + parts - 1) / parts
			sizes = append(sizes, min(each, t.shape[a]-i*each))
		}
	}
	var out []*tensor
	at, from := 0, t.strides()
	for _, size := range sizes {
		if size < 1 || at+size > t.shape[a] || t.ints != nil {
			return nil, corrupt(n, "parts %v of %v", sizes, t.shape)
		}
		shape := slices.Clone(t.shape)
		shape[a] = size
		to, offset := (&tensor{shape: shape, last: t.last}).strides(), at*from[a]
		move := newMover(shape, to, from)
		out = append(out, c.emit(n, in[:1], shape, t.last, func(in [][]float32, out []float32) { move.run(out, 0, in[0], offset) }))
		at += size
	}
	return out, nil
}

// opPad pads with a constant.
func opPad(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t, rank := in[0], len(in[0].shape)
	pads, value := n.Ints("pads"), n.Float("value", 0)
	if len(in) > 1 && in[1] != nil {
		for _, v := range in[1].ints {
			pads = append(pads, int(v))
		}
	}
	if len(in) > 2 && in[2] != nil {
		v, ok := c.scalar(n.Inputs[2])
		if !ok {
			return nil, unsupported(n, "padding value that is not constant")
		}
		value = v
	}
	if mode := n.Text("mode"); mode != "" && mode != "constant" || len(pads) != 2*rank || t.ints != nil {
		return nil, unsupported(n, "mode %q, pads %v", mode, pads)
	}
	shape, offset := make([]int, rank), 0
	for i, d := range t.shape {
		if pads[i] < 0 || pads[rank+i] < 0 || pads[i] > 1<<14 || pads[rank+i] > 1<<14 {
			return nil, unsupported(n, "pads %v", pads)
		}
		shape[i] = d + pads[i] + pads[rank+i]
	}
	last := t.last
	from, to, dims := t.strides(), (&tensor{shape: shape, last: last}).strides(), t.shape
	for i := range dims {
		offset += pads[i] * to[i]
	}
	move := newMover(dims, to, from)
	return []*tensor{c.emit(n, in[:1], shape, last, func(in [][]float32, out []float32) {
		for i := range out {
			out[i] = value
		}
		move.run(out, offset, in[0], 0)
	})}, nil
}

func opExpand(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) != 2 {
		return nil, corrupt(n, "%d inputs", len(in))
	}
	want, err := knownShape(n, in[1])
	if err != nil {
		return nil, err
	}
	shape := broadcast(in[0].shape, want)
	if shape == nil {
		return nil, corrupt(n, "shapes %v and %v", in[0].shape, want)
	}
	if slices.Equal(shape, in[0].shape) {
		return in[:1], nil
	}
	if in[0].ints != nil {
		return []*tensor{rearranged(in[0], shape, 0, in[0].spread(shape))}, nil
	}
	t := c.plain(in[0])
	from, to := t.spread(shape), (&tensor{shape: shape}).strides()
	move := newMover(shape, to, from)
	return []*tensor{c.emit(n, []*tensor{t}, shape, false, func(in [][]float32, out []float32) { move.run(out, 0, in[0], 0) })}, nil
}

// opDequantize takes quantized constants back to floats. A value at run time
// has never been quantized (see opQuantize), so it passes.
func opDequantize(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	t := in[0]
	if !t.known() {
		return in[:1], nil
	}
	t = toFloats(t)
	if len(in) < 2 || in[1] == nil || in[1].data == nil {
		return nil, unsupported(n, "scale that is not constant")
	}
	scale, zero := in[1].data, []float32(nil)
	if len(in) > 2 && in[2] != nil {
		zero = toFloats(in[2]).data
	}
	inner, size := 1, 1
	if len(scale) > 1 { // one for each place of the axis
		a, err := axis(n, n.Int("axis", 1), len(t.shape))
		if err != nil {
			return nil, err
		}
		inner, size = product(t.shape[a+1:]), t.shape[a]
		if size != len(scale) {
			return nil, corrupt(n, "%d scales for %v", len(scale), t.shape)
		}
	}
	if zero != nil && len(zero) != len(scale) {
		return nil, corrupt(n, "%d zero points for %d scales", len(zero), len(scale))
	}
	out := &tensor{shape: t.shape, data: make([]float32, len(t.data))}
	for i, v := range t.data {
		k := i / inner % size
		if zero != nil {
			v -= zero[k]
		}
		out.data[i] = v * scale[k]
	}
	return []*tensor{out}, nil
}

// opQuantize rounds run-time values to the grid they would have as 8 bits, and
// limits them to its range, as floats: the result is the quantized model's, and
// an activation that its exporter left to saturation is not lost.
func opQuantize(c *compiler, n *onnx.Node, in []*tensor) ([]*tensor, error) {
	if len(in) < 2 || in[1] == nil || len(in[1].data) != 1 {
		return nil, unsupported(n, "scale that is not one constant")
	}
	scale, zero, lowest := in[1].data[0], float32(0), float32(0)
	if len(in) > 2 && in[2] != nil {
		z := toFloats(in[2])
		if len(z.data) != 1 {
			return nil, unsupported(n, "zero point that is not one constant")
		}
		zero = z.data[0]
		if w := c.model.Initializers[n.Inputs[2]]; w != nil && w.Type == onnx.Int8 {
			lowest = -128
		}
	}
	if t := toFloats(in[0]); t.known() { // what opDequantize will take back
		out := &tensor{shape: t.shape, data: make([]float32, len(t.data))}
		for i, v := range t.data {
			q := float32(math.RoundToEven(float64(v/scale))) + zero
			out.data[i] = min(max(q, lowest), lowest+255)
		}
		return []*tensor{out}, nil
	}
	low, high := (lowest-zero)*scale, (lowest+255-zero)*scale
	return []*tensor{c.shareOver(n, in[:1], func(in [][]float32, out []float32, part kernel.Part) {
		for i, end := part.Span(len(out), 16); i < end; i++ {
			out[i] = float32(math.RoundToEven(float64(min(max(in[0][i], low), high)/scale))) * scale
		}
	})}, nil
}
