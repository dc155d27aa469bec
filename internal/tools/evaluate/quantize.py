"""Quantizes mini to 8 bits by ONNX Runtime's own tools, for evaluate -precision. Needs onnx and onnxruntime of PyPI.

    python quantize.py embed/local/mini/mini.onnx nothing.onnx
    go run ./internal/tools/evaluate -data ../shared/data -calibrate nothing.onnx > inputs.f32
    python quantize.py embed/local/mini/mini.onnx int8.onnx inputs.f32
    go run ./internal/tools/evaluate -data ../shared/data -precision int8.onnx"""
import sys

import numpy, onnx
from onnx import helper, numpy_helper, shape_inference
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

source, target = sys.argv[1:3]
model = onnx.load(source)
if len(sys.argv) == 3:  # a network that does nothing, to see the input of the other
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.append(helper.make_node('Flatten', ['film'], ['embedding']))
    onnx.save(model, target)
    sys.exit()

# Weights of float16 become float32, as the quantizer wants them.
weights = {i.name: i for i in model.graph.initializer}
casts = [n for n in model.graph.node if n.op_type == 'Cast' and n.input[0] in weights]
for n in casts:
    w = weights[n.input[0]]
    w.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(w).astype(numpy.float32), n.output[0]))
    model.graph.node.remove(n)
onnx.save(shape_inference.infer_shapes(model), 'float.onnx')


class Films(CalibrationDataReader):
    def __init__(self):
        self.films = iter(numpy.fromfile(sys.argv[3], '<f4').reshape(-1, 1, 1, 160, 160))

    def get_next(self):
        x = next(self.films, None)
        return None if x is None else {'film': x}


quantize_static('float.onnx', target, Films(), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                op_types_to_quantize=['Conv', 'Add', 'MaxPool'], calibrate_method=CalibrationMethod.MinMax)
