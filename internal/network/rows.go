package network

import (
	"maps"
	"math"

	"github.com/cxrkit/cxrkit/internal/onnx"
	"github.com/cxrkit/cxrkit/internal/simd"
)

// table is the operators by name, each with a row for every range of opsets in
// which it looks different.
var table map[string][]*row

// quantized is the types that QuantizeLinear makes.
var quantized = setOf(onnx.Uint8, onnx.Int8, onnx.Uint16, onnx.Int16)

const (
	ints        = onnx.IntsAttribute
	anInt       = onnx.IntAttribute
	tensorValue = onnx.TensorAttribute
)

type types = map[string]elements

func init() { // not a literal: operators look ahead at others
	table = map[string][]*row{}
	for _, list := range [][]*row{elementwiseRows(), featureRows(), matrixRows(), shapeRows(), quantizedRows()} {
		for _, r := range list {
			r.in, r.out = parameters(r.inputs), parameters(r.outputs)
			r.since = max(r.since, minOpset)
			table[r.op] = append(table[r.op], r)
		}
	}
}

// plain is a row of an operator of floats without attributes.
func plain(op string, since int, f operator) *row {
	return &row{op: op, since: since, inputs: "T", outputs: "T", types: types{"T": floats}, compile: f}
}

// tuned is a row of an operator of floats with attributes.
func tuned(op string, since int, a attributes, f operator) *row {
	return &row{op: op, since: since, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: a, compile: f}
}

// compared is a row of an operator that makes truth values.
func compared(op string, since int, set elements, b binary) *row {
	return &row{op: op, since: since, inputs: "T T", outputs: "B", types: types{"T": set, "B": boolean}, runs: anything, compile: b.operator}
}

func elementwiseRows() []*row {
	pair := func(op string, f operator) *row {
		return &row{op: op, inputs: "T T", outputs: "T", types: types{"T": numbers}, compile: f}
	}
	many := func(op string, set elements, b binary, mean bool) *row {
		return &row{op: op, inputs: "T*", outputs: "T", types: types{"T": set}, compile: b.variadic(mean)}
	}
	log := func(v float64) float64 { return math.Log(v) }
	return []*row{
		{op: "Add", inputs: "T T", outputs: "T", types: types{"T": numbers}, runs: indices, compile: addition.operator},
		pair("Sub", subtraction.operator), pair("Mul", opMul), pair("Div", division.operator),
		{op: "Pow", inputs: "T T1", outputs: "T", types: types{"T": floats | indices, "T1": numbers}, compile: power.operator},
		{op: "Mod", since: 10, inputs: "T T", outputs: "T", types: types{"T": numbers}, attributes: attributes{"fmod": 0}, compile: opMod},
		many("Max", numbers, larger, false), many("Min", numbers, smaller, false), many("Sum", floats, addition, false), many("Mean", floats, addition, true),
		compared("Equal", 0, anything, equality), compared("Less", 0, numbers, less), compared("Greater", 0, numbers, greater),
		compared("LessOrEqual", 12, numbers, atMost), compared("GreaterOrEqual", 12, numbers, atLeast),
		compared("And", 0, boolean, both), compared("Or", 0, boolean, either), compared("Xor", 0, boolean, one),
		{op: "Not", inputs: "T", outputs: "T", types: types{"T": boolean}, runs: boolean, compile: opNot},
		{op: "IsNaN", inputs: "T", outputs: "B", types: types{"T": floats, "B": boolean}, compile: opIsNaN},
		{op: "Where", inputs: "B T T", outputs: "T", types: types{"B": boolean, "T": anything}, runs: anything, compile: opWhere},

		{op: "Relu", inputs: "T", outputs: "T", types: types{"T": signed}, compile: opRelu},
		plain("Sigmoid", 0, opActivation), plain("Tanh", 0, opActivation), plain("HardSwish", 14, opActivation),
		tuned("HardSigmoid", 0, attributes{"alpha": float32(0.2), "beta": float32(0.5)}, opActivation),
		tuned("Gelu", 20, attributes{"approximate": "none"}, opActivation),
		tuned("LeakyRelu", 0, attributes{"alpha": float32(0.01)}, opLeaky),
		tuned("Elu", 0, attributes{"alpha": float32(1)}, pointwise(elu)),
		tuned("Selu", 0, attributes{"alpha": float32(1.67326319217681884765625), "gamma": float32(1.05070102214813232421875)}, pointwise(selu)),
		{op: "Celu", since: 12, inputs: "T", outputs: "T", types: types{"T": float32s}, attributes: attributes{"alpha": float32(1)}, compile: pointwise(celu)},
		tuned("ThresholdedRelu", 10, attributes{"alpha": float32(1)}, pointwise(thresholdedRelu)),
		tuned("Swish", 24, attributes{"alpha": float32(1)}, pointwise(swish)),
		plain("Softplus", 0, function(softplus)), plain("Softsign", 0, function(func(v float64) float64 { return v / (1 + math.Abs(v)) })), plain("Mish", 18, function(mish)),
		{op: "PRelu", inputs: "T T", outputs: "T", types: types{"T": floats}, compile: opPRelu},
		{op: "Clip", until: 10, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"min": float32(-math.MaxFloat32), "max": float32(math.MaxFloat32)}, compile: opClip},
		{op: "Clip", since: 11, inputs: "T T? T?", outputs: "T", types: types{"T": numbers}, compile: opClip},

		{op: "Abs", inputs: "T", outputs: "T", types: types{"T": numbers}, compile: opAbs},
		{op: "Neg", inputs: "T", outputs: "T", types: types{"T": signed}, compile: opNegative},
		plain("Erf", 0, unary(simd.Erf)), plain("Sqrt", 0, unary(simd.Sqrt)), plain("Exp", 0, unary(simd.Exp)), plain("Log", 0, function(log)),
		plain("Reciprocal", 0, function(func(v float64) float64 { return 1 / v })), plain("Sign", 0, function(sign)),
		plain("Floor", 0, function(math.Floor)), plain("Ceil", 0, function(math.Ceil)), plain("Round", 11, function(math.RoundToEven)),
		plain("Sin", 0, function(math.Sin)), plain("Cos", 0, function(math.Cos)), plain("Tan", 0, function(math.Tan)), plain("Atan", 0, function(math.Atan)),
		plain("Asin", 0, function(math.Asin)), plain("Acos", 0, function(math.Acos)), plain("Sinh", 0, function(math.Sinh)), plain("Cosh", 0, function(math.Cosh)),
	}
}

func featureRows() []*row {
	windowed := attributes{"auto_pad": "NOTSET", "kernel_shape": ints, "strides": ints, "pads": ints}
	with := func(more attributes) attributes {
		all := attributes{}
		for _, a := range []attributes{windowed, more} {
			for k, v := range a {
				all[k] = v
			}
		}
		return all
	}
	const planes = "input of one or two dimensions beside films and channels"
	norm := attributes{"epsilon": float32(1e-5), "momentum": float32(0.9)}
	return []*row{
		{op: "Conv", inputs: "T T T?", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"dilations": ints, "group": 1}), compile: opConv,
			note: planes + "; constant weights and bias"},
		{op: "ConvTranspose", inputs: "T T T?", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"dilations": ints, "group": 1, "output_padding": ints, "output_shape": ints}), compile: opConvTranspose,
			note: planes + "; constant weights and bias; padding within the window"},
		{op: "MaxPool", until: 9, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"storage_order": 0}), compile: opMaxPool, note: planes + "; no indices"},
		{op: "MaxPool", since: 10, until: 11, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"storage_order": 0, "ceil_mode": 0, "dilations": ints}), compile: opMaxPool, note: planes + "; no indices"},
		{op: "MaxPool", since: 12, inputs: "T", outputs: "T", types: types{"T": floats | eightBits}, runs: eightBits, attributes: with(attributes{"storage_order": 0, "ceil_mode": 0, "dilations": ints}), compile: opMaxPool, note: planes + "; no indices"},
		{op: "AveragePool", until: 9, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"count_include_pad": 0}), compile: opAveragePool, note: planes},
		{op: "AveragePool", since: 10, until: 18, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"count_include_pad": 0, "ceil_mode": 0}), compile: opAveragePool, note: planes},
		{op: "AveragePool", since: 19, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"count_include_pad": 0, "ceil_mode": 0, "dilations": ints}), compile: opAveragePool, note: planes},
		{op: "LpPool", until: 17, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"p": 2}), compile: opLpPool, note: planes},
		{op: "LpPool", since: 18, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: with(attributes{"p": 2, "ceil_mode": 0, "dilations": ints}), compile: opLpPool, note: planes},
		{op: "GlobalAveragePool", inputs: "T", outputs: "T", types: types{"T": floats}, compile: opGlobalAveragePool, note: planes},
		{op: "GlobalMaxPool", inputs: "T", outputs: "T", types: types{"T": floats}, compile: opGlobalMaxPool, note: planes},
		{op: "BatchNormalization", until: 13, inputs: "T T T T T", outputs: "T T? T? T? T?", types: types{"T": floats}, attributes: norm, compile: opBatchNorm, note: "constant statistics; training, which further outputs mean, of constants only"},
		{op: "BatchNormalization", since: 14, inputs: "T T1 T1 T2 T2", outputs: "T T2? T2?", types: types{"T": floats, "T1": floats, "T2": floats},
			attributes: attributes{"epsilon": float32(1e-5), "momentum": float32(0.9), "training_mode": 0}, compile: opBatchNorm, note: "constant statistics; training mode of constants only"},
		{op: "InstanceNormalization", inputs: "T T T", outputs: "T", types: types{"T": floats}, attributes: attributes{"epsilon": float32(1e-5)}, compile: opInstanceNorm, note: "constant scale and bias"},
		{op: "GroupNormalization", since: 18, until: 20, inputs: "T T T", outputs: "T", types: types{"T": floats}, attributes: attributes{"epsilon": float32(1e-5), "num_groups": anInt}, compile: opGroupNorm, note: "constant scale and bias"},
		{op: "GroupNormalization", since: 21, inputs: "T T T", outputs: "T", types: types{"T": floats}, attributes: attributes{"epsilon": float32(1e-5), "num_groups": anInt, "stash_type": 1}, compile: opGroupNorm, note: "constant scale and bias"},
		{op: "LayerNormalization", since: 17, inputs: "T T T?", outputs: "T", types: types{"T": floats}, attributes: attributes{"axis": -1, "epsilon": float32(1e-5), "stash_type": 1}, compile: opLayerNorm, note: "constant scale and bias; one output"},
		{op: "RMSNormalization", since: 23, inputs: "T V", outputs: "V", types: types{"T": floats, "V": floats}, attributes: attributes{"axis": -1, "epsilon": float32(1e-5), "stash_type": 1}, compile: opRMSNorm, note: "constant scale"},
		tuned("LpNormalization", 0, attributes{"axis": -1, "p": 2}, opLpNorm),
		tuned("LRN", 0, attributes{"alpha": float32(1e-4), "beta": float32(0.75), "bias": float32(1), "size": anInt}, opLRN),
		{op: "Softmax", until: 12, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"axis": 1}, compile: opSoftmax},
		{op: "Softmax", since: 13, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"axis": -1}, compile: opSoftmax},
		{op: "LogSoftmax", until: 12, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"axis": 1}, compile: softmaxOf(logSoftmax)},
		{op: "LogSoftmax", since: 13, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"axis": -1}, compile: softmaxOf(logSoftmax)},
		{op: "Upsample", until: 9, inputs: "T T1", outputs: "T", types: types{"T": floats, "T1": float32s}, attributes: attributes{"mode": "nearest"}, compile: opResize, note: "constant scales; no scale but 1 where no size changes"},
		{op: "Resize", since: 10, until: 10, inputs: "T T1", outputs: "T", types: types{"T": floats, "T1": float32s}, attributes: attributes{"mode": "nearest"}, compile: opResize, note: "constant scales; no scale but 1 where no size changes"},
		{op: "Resize", since: 11, until: 17, inputs: "T T2? T1? I?", outputs: "T", types: types{"T": floats, "T1": float32s, "T2": floats, "I": int64s}, empty: true,
			attributes: attributes{"mode": "nearest", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": float32(-0.75), "exclude_outside": 0, "extrapolation_value": float32(0), "nearest_mode": "round_prefer_floor"},
			compile:    opResize, note: "constant scales or sizes; no region of interest; no scale but 1 where no size changes"},
		{op: "Resize", since: 18, inputs: "T T2? T1? I?", outputs: "T", types: types{"T": floats, "T1": float32s, "T2": floats, "I": int64s}, empty: true,
			attributes: attributes{"mode": "nearest", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": float32(-0.75), "exclude_outside": 0, "extrapolation_value": float32(0), "nearest_mode": "round_prefer_floor",
				"antialias": 0, "axes": ints, "keep_aspect_ratio_policy": "stretch"},
			compile: opResize, note: "constant scales or sizes; no region of interest; no scale but 1 where no size changes"},
		{op: "DepthToSpace", until: 10, inputs: "T", outputs: "T", types: types{"T": anything}, runs: anything, attributes: attributes{"blocksize": anInt}, compile: opDepthToSpace},
		{op: "DepthToSpace", since: 11, inputs: "T", outputs: "T", types: types{"T": anything}, runs: anything, attributes: attributes{"blocksize": anInt, "mode": "DCR"}, compile: opDepthToSpace},
		{op: "SpaceToDepth", inputs: "T", outputs: "T", types: types{"T": anything}, runs: anything, attributes: attributes{"blocksize": anInt}, compile: opSpaceToDepth},
	}
}

func matrixRows() []*row {
	rows := []*row{
		{op: "Gemm", until: 10, inputs: "T T T", outputs: "T", types: types{"T": floats}, attributes: attributes{"alpha": float32(1), "beta": float32(1), "transA": 0, "transB": 0}, compile: opGemm},
		{op: "Gemm", since: 11, inputs: "T T T?", outputs: "T", types: types{"T": floats}, attributes: attributes{"alpha": float32(1), "beta": float32(1), "transA": 0, "transB": 0}, compile: opGemm},
		{op: "MatMul", inputs: "T T", outputs: "T", types: types{"T": floats}, compile: opMatMul},
		{op: "Einsum", since: 12, inputs: "T*", outputs: "T", types: types{"T": floats}, attributes: attributes{"equation": onnx.StringAttribute}, compile: opEinsum, note: "one or two inputs; no ellipsis, no label twice in one input"},
		{op: "Trilu", since: 14, inputs: "T I?", outputs: "T", types: types{"T": anything, "I": int64s}, runs: anything, attributes: attributes{"upper": 1}, compile: opTrilu, note: "constant diagonal"},
		{op: "CumSum", since: 11, inputs: "T I", outputs: "T", types: types{"T": floats | indices, "I": indices}, attributes: attributes{"exclusive": 0, "reverse": 0}, compile: opCumSum, note: "constant axis"},
		{op: "ArgMax", until: 11, inputs: "T", outputs: "I", types: types{"T": floats | indices, "I": int64s}, runs: indices, attributes: attributes{"axis": 0, "keepdims": 1}, compile: opArg},
		{op: "ArgMax", since: 12, inputs: "T", outputs: "I", types: types{"T": floats | indices, "I": int64s}, runs: indices, attributes: attributes{"axis": 0, "keepdims": 1, "select_last_index": 0}, compile: opArg},
		{op: "ArgMin", until: 11, inputs: "T", outputs: "I", types: types{"T": floats, "I": int64s}, attributes: attributes{"axis": 0, "keepdims": 1}, compile: opArg},
		{op: "ArgMin", since: 12, inputs: "T", outputs: "I", types: types{"T": floats, "I": int64s}, attributes: attributes{"axis": 0, "keepdims": 1, "select_last_index": 0}, compile: opArg},
	}
	attention := attributes{"is_causal": 0, "kv_num_heads": anInt, "q_num_heads": anInt, "qk_matmul_output_mode": 0, "scale": onnx.FloatAttribute, "softcap": float32(0), "softmax_precision": anInt}
	windowed := attributes{"left_window_size": -1, "right_window_size": -1}
	maps.Copy(windowed, attention)
	values := types{"Q": floats, "V": floats, "M": floats | boolean, "I": int64s}
	const note = "one output; no past keys and values, no softcap, no window"
	rows = append(rows,
		&row{op: "Attention", since: 23, until: 23, inputs: "Q Q V M? Q? V?", outputs: "Q", types: values, runs: boolean, attributes: attention, compile: opAttention, note: note},
		&row{op: "Attention", since: 24, until: 24, inputs: "Q Q V M? Q? V? I?", outputs: "Q", types: values, runs: boolean, attributes: attention, compile: opAttention, note: note},
		&row{op: "Attention", since: 25, inputs: "Q Q V M? Q? V? I?", outputs: "Q", types: values, runs: boolean, attributes: windowed, compile: opAttention, note: note})
	reduced := func(op string, since int, set elements, f operator) {
		attribute := attributes{"axes": ints, "keepdims": 1}
		input := attributes{"keepdims": 1, "noop_with_empty_axes": 0}
		rows = append(rows,
			&row{op: op, until: since - 1, inputs: "T", outputs: "T", types: types{"T": set}, attributes: attribute, compile: f},
			&row{op: op, since: since, inputs: "T I?", outputs: "T", types: types{"T": set, "I": int64s}, attributes: input, compile: f, empty: true, note: "constant axes"})
	}
	whole := floats | indices
	reduced("ReduceSum", 13, whole, sumOf.operator)
	reduced("ReduceMean", 18, floats, meanOf.operator)
	reduced("ReduceMax", 18, whole, maxOf.operator)
	reduced("ReduceMin", 18, whole, minOf.operator)
	reduced("ReduceProd", 18, whole, productOf.operator)
	reduced("ReduceL1", 18, floats, l1Of.operator)
	reduced("ReduceL2", 18, floats, l2Of.operator)
	reduced("ReduceSumSquare", 18, floats, squaresOf.operator)
	reduced("ReduceLogSum", 18, floats, logSumOf.operator)
	reduced("ReduceLogSumExp", 18, floats, opReduceLogSumExp)
	return rows
}
