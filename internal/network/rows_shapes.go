package network

import "github.com/cxrkit/cxrkit/internal/onnx"

// moving is a row of an operator that moves elements of any type.
func moving(op string, since, until int, inputs, outputs string, more types, a attributes, f operator, note string) *row {
	set := types{"T": anything}
	for k, v := range more {
		set[k] = v
	}
	return &row{op: op, since: since, until: until, inputs: inputs, outputs: outputs, types: set, attributes: a, runs: anything, empty: true, compile: f, note: note}
}

func shapeRows() []*row {
	shape, index := types{"I": int64s}, types{"I": indices}
	return []*row{
		{op: "Constant", until: 11, outputs: "T", types: types{"T": anything}, attributes: attributes{"value": tensorValue}, compile: opConstant},
		{op: "Constant", since: 12, outputs: "T", types: types{"T": anything}, compile: opConstant, note: "no text, no sparse tensor",
			attributes: attributes{"value": tensorValue, "value_int": anInt, "value_ints": ints, "value_float": onnx.FloatAttribute, "value_floats": onnx.FloatsAttribute}},
		{op: "ConstantOfShape", inputs: "I", outputs: "T", types: types{"I": int64s, "T": anything}, attributes: attributes{"value": tensorValue}, empty: true, compile: opConstantOfShape, note: "constant shape"},
		moving("Identity", 0, 0, "T", "T", nil, nil, opIdentity, ""),
		{op: "Dropout", until: 11, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"ratio": float32(0.5)}, compile: opDropout, note: "one output"},
		{op: "Dropout", since: 12, inputs: "T T1? B?", outputs: "T", types: types{"T": floats, "T1": floats, "B": boolean}, attributes: attributes{"seed": anInt}, compile: opDropout, note: "one output; no training mode"},
		moving("Cast", 0, 18, "T", "T2", types{"T2": anything}, attributes{"to": anInt}, opCast, "numbers and truth values"),
		moving("Cast", 19, 23, "T", "T2", types{"T2": anything}, attributes{"to": anInt, "saturate": 1}, opCast, "numbers and truth values"),
		moving("Cast", 24, 0, "T", "T2", types{"T2": anything}, attributes{"to": anInt, "saturate": 1, "round_mode": "up"}, opCast, "numbers and truth values"),
		moving("CastLike", 15, 18, "T T1", "T1", types{"T1": anything}, nil, opCastLike, "numbers and truth values"),
		moving("CastLike", 19, 23, "T T1", "T1", types{"T1": anything}, attributes{"saturate": 1}, opCastLike, "numbers and truth values"),
		moving("CastLike", 24, 0, "T T1", "T1", types{"T1": anything}, attributes{"saturate": 1, "round_mode": "up"}, opCastLike, "numbers and truth values"),
		moving("Shape", 0, 14, "T", "I", shape, nil, opShape, ""),
		moving("Shape", 15, 0, "T", "I", shape, attributes{"start": 0, "end": anInt}, opShape, ""),
		moving("Size", 0, 0, "T", "I", shape, nil, opSize, ""),
		moving("Reshape", 0, 13, "T I", "T", shape, nil, opReshape, "constant shape"),
		moving("Reshape", 14, 0, "T I", "T", shape, attributes{"allowzero": 0}, opReshape, "constant shape"),
		moving("Flatten", 0, 0, "T", "T", nil, attributes{"axis": 1}, opFlatten, ""),
		moving("Squeeze", 0, 12, "T", "T", nil, attributes{"axes": ints}, opSqueeze, ""),
		moving("Squeeze", 13, 0, "T I?", "T", shape, nil, opSqueeze, "constant axes"),
		moving("Unsqueeze", 0, 12, "T", "T", nil, attributes{"axes": ints}, opUnsqueeze, ""),
		moving("Unsqueeze", 13, 0, "T I", "T", shape, nil, opUnsqueeze, "constant axes"),
		moving("Transpose", 0, 0, "T", "T", nil, attributes{"perm": ints}, opTranspose, "").full(),
		moving("Concat", 0, 0, "T*", "T", nil, attributes{"axis": anInt}, opConcat, ""),
		moving("Slice", 0, 9, "T", "T", nil, attributes{"starts": ints, "ends": ints, "axes": ints}, opSlice, ""),
		moving("Slice", 10, 0, "T I I I? I?", "T", index, nil, opSlice, "constant starts, ends, axes and steps"),
		moving("Gather", 0, 0, "T I", "T", index, attributes{"axis": 0}, opGather, ""),
		moving("Split", 0, 12, "T", "T*", nil, attributes{"axis": 0, "split": ints}, opSplit, "").full(),
		moving("Split", 13, 17, "T I?", "T*", shape, attributes{"axis": 0}, opSplit, "constant sizes").full(),
		moving("Split", 18, 0, "T I?", "T*", shape, attributes{"axis": 0, "num_outputs": anInt}, opSplit, "constant sizes").full(),
		{op: "Pad", until: 10, inputs: "T", outputs: "T", types: types{"T": floats}, attributes: attributes{"mode": "constant", "pads": ints, "value": float32(0)}, compile: opPad},
		moving("Pad", 11, 17, "T I T?", "T", shape, attributes{"mode": "constant"}, opPad, "constant pads and value").full(),
		moving("Pad", 18, 0, "T I T? A?", "T", types{"I": int64s, "A": indices}, attributes{"mode": "constant"}, opPad, "constant pads, value and axes").full(),
		moving("Expand", 0, 0, "T I", "T", shape, nil, opExpand, "constant shape"),
		moving("Tile", 0, 0, "T I", "T", shape, nil, opTile, "constant repeats").full(),
		{op: "Range", since: 11, inputs: "T T T", outputs: "T", types: types{"T": float32s | setOf(onnx.Double) | indices}, compile: opRange, note: "constant bounds"},
		{op: "EyeLike", inputs: "T", outputs: "T2", types: types{"T": anything, "T2": anything}, runs: anything, attributes: attributes{"dtype": anInt, "k": 0}, compile: opEyeLike},
		{op: "GatherND", since: 11, until: 11, inputs: "T I", outputs: "T", types: types{"T": anything, "I": int64s}, runs: anything, compile: opGatherND},
		{op: "GatherND", since: 12, inputs: "T I", outputs: "T", types: types{"T": anything, "I": int64s}, runs: anything, attributes: attributes{"batch_dims": 0}, compile: opGatherND, note: "indices of the run without batch_dims"},
		{op: "ScatterND", since: 11, until: 15, inputs: "T I T", outputs: "T", types: types{"T": anything, "I": int64s}, runs: anything, compile: opScatterND, note: "constant indices"},
		{op: "ScatterND", since: 16, inputs: "T I T", outputs: "T", types: types{"T": anything, "I": int64s}, runs: anything, attributes: attributes{"reduction": "none"}, compile: opScatterND, note: "constant indices; no reduction"},
	}
}

// full is a row that takes no tensors without elements.
func (r *row) full() *row {
	r.empty = false
	return r
}

func quantizedRows() []*row {
	stored, scales := quantized|setOf(onnx.Int32), floats&^setOf(onnx.Double)
	dequantized := func(since, until int, scale elements, a attributes) *row {
		return &row{op: "DequantizeLinear", since: since, until: until, inputs: "T S T?", outputs: "S", types: types{"T": stored, "S": scale}, runs: stored, attributes: a, compile: opDequantize}
	}
	made := func(since, until int, a attributes) *row {
		return &row{op: "QuantizeLinear", since: since, until: until, inputs: "T S Z?", outputs: "Q", types: types{"T": scales, "S": scales, "Z": quantized, "Q": quantized}, attributes: a, compile: opQuantize}
	}
	integer := types{"A": eightBits, "B": eightBits, "Y": setOf(onnx.Int32)}
	linear := types{"A": eightBits, "B": eightBits, "Y": eightBits, "S": float32s, "I": setOf(onnx.Int32)}
	convolution := attributes{"auto_pad": "NOTSET", "dilations": ints, "group": 1, "kernel_shape": ints, "pads": ints, "strides": ints}
	return []*row{
		dequantized(10, 12, float32s, nil), dequantized(13, 18, float32s, attributes{"axis": 1}), dequantized(19, 20, scales, attributes{"axis": 1}),
		dequantized(21, 22, scales, attributes{"axis": 1, "block_size": 0}), dequantized(23, 0, scales, attributes{"axis": 1, "block_size": 0, "output_dtype": 0}),
		made(10, 12, nil), made(13, 18, attributes{"axis": 1}), made(19, 20, attributes{"axis": 1, "saturate": 1}),
		made(21, 22, attributes{"axis": 1, "saturate": 1, "block_size": 0, "output_dtype": 0}),
		made(23, 0, attributes{"axis": 1, "saturate": 1, "block_size": 0, "output_dtype": 0, "precision": 0}),
		{op: "DynamicQuantizeLinear", since: 11, inputs: "T", outputs: "Q S Q", types: types{"T": float32s, "Q": setOf(onnx.Uint8), "S": float32s}, compile: opDynamicQuantize},
		{op: "MatMulInteger", since: 10, inputs: "A B A? B?", outputs: "Y", types: integer, runs: eightBits, compile: opMatMulInteger},
		{op: "ConvInteger", since: 10, inputs: "A B A? B?", outputs: "Y", types: integer, runs: eightBits, attributes: convolution, compile: opConvInteger, note: "constant weights"},
		{op: "QLinearMatMul", since: 10, until: 20, inputs: "A S A B S B S Y", outputs: "Y", types: linear, runs: eightBits, compile: opQLinearMatMul, note: "constant scales and zero point of the output"},
		{op: "QLinearMatMul", since: 21, inputs: "A S A B S B S Y", outputs: "Y", types: linear, runs: eightBits, compile: opQLinearMatMul, note: "constant scales and zero point of the output"},
		{op: "QLinearConv", since: 10, inputs: "A S A B S B S Y I?", outputs: "Y", types: linear, runs: eightBits, attributes: convolution, compile: opQLinearConv, note: "constant weights, scales and zero point of the output"},
	}
}
