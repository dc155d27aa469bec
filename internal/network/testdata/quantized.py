"""Quantizes some of the networks that exports.py wrote, by ONNX Runtime's own tools: 8 bits in QDQ form, for each tensor and
for each channel; integer operators; and dynamic quantization; and writes what it makes of them without optimizations.
Nothing of it is committed.

    python quantized.py EXPORTS quantized
    go test ./internal/network -run Exports -v -args -exports quantized

Needs onnx and onnxruntime of PyPI."""
import json, os, sys

import numpy, onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

exports, folder = sys.argv[1:3]
os.makedirs(folder, exist_ok=True)
side = 224


def film(batch):
    k = numpy.arange(batch * 3 * side * side, dtype=numpy.uint64) * 2654435761 % 2**32
    return (((k >> 22).astype(numpy.float32) - 512) / 512).reshape(batch, 3, side, side)


class Calibration(CalibrationDataReader):
    def __init__(self):
        self.films = iter([film(1), numpy.roll(film(1), 7, axis=2)])

    def get_next(self):
        x = next(self.films, None)
        return None if x is None else {'film': x}


static = lambda a, b, form, channels, activations, **more: quantize_static(a, b, Calibration(), quant_format=form, per_channel=channels, activation_type=activations, weight_type=QuantType.QInt8, **more)
ways = {
    'qdq_tensor': lambda a, b: static(a, b, QuantFormat.QDQ, False, QuantType.QUInt8),
    'qdq_channel': lambda a, b: static(a, b, QuantFormat.QDQ, True, QuantType.QInt8),
    'operators': lambda a, b: static(a, b, QuantFormat.QOperator, True, QuantType.QUInt8, op_types_to_quantize=['Conv', 'MatMul']),
    'dynamic': lambda a, b: quantize_dynamic(a, b, weight_type=QuantType.QUInt8),
}
for name in 'resnet18.torchscript mobilenet_v3_small.torchscript efficientnet_b0.dynamo vit_tiny_patch16_224.torchscript densenet121.dynamo convnextv2_atto.torchscript'.split():
    for way, quantize in ways.items():
        stem = os.path.join(folder, name.split('.')[0] + '.' + way)
        try:
            quantize(os.path.join(exports, name + '.onnx'), stem + '.onnx')
            o = onnxruntime.SessionOptions()
            o.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            s = onnxruntime.InferenceSession(stem + '.onnx', o, providers=['CPUExecutionProvider'])
            out = {'Side': side, 'Share': 0.04}  # a rounding that falls the other way is one step of 256, and may make others
            for batch in (1, 3):
                y = s.run(None, {'film': film(batch)})[0]
                out[f'Batch{batch}'] = {'Dims': list(y.shape), 'Data': [float(v) for v in y.flatten()]}
            json.dump(out, open(stem + '.json', 'w'))
            print(stem, 'done', flush=True)
        except Exception as e:
            print(stem, 'FAILED', type(e).__name__, str(e)[:200], flush=True)
