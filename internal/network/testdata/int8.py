"""Writes int8.zip: small quantized networks, and what ONNX Runtime's integer operators make of them for batches of 1 and 2: it
is run with all its optimizations, and the script asks that they made QLinearConv and the like of QuantizeLinear and
DequantizeLinear. Names that begin with "float" are of networks where it computes in floats, so that a rounding may fall the other
way; those that begin with "add" are run without optimizations. Needs onnx, onnxruntime and numpy of PyPI.

    python int8.py int8.zip

The files are as in corpus.zip."""
import os, struct, sys, tempfile, zipfile

import numpy as np, onnx, onnxruntime
from onnx import TensorProto as T, helper, numpy_helper

random = np.random.default_rng(1)
cases = {}


def film(shape):
    k = np.arange(int(np.prod(shape)), dtype=np.uint64) * 2654435761 % 2**32
    return (((k >> 22).astype(np.float32) - 512) / 512).reshape(shape)


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.count = [], [], 0

    def w(self, array, dtype=np.float32):
        self.weights.append(numpy_helper.from_array(np.asarray(array, dtype=dtype), f'w{len(self.weights)}'))
        return self.weights[-1].name

    def n(self, op, *inputs, outputs=1, **attributes):
        names = [f'v{self.count + i}' for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def grid(self, x, scale, zero, kind):
        """x on a grid of 8 bits."""
        s, z = self.w(scale), self.w(zero, kind)
        return self.n('DequantizeLinear', self.n('QuantizeLinear', x, s, z), s, z)

    def weight(self, shape, channel, axis, kind=np.int8):
        """Weights with a scale for each place of an axis, or one for all; returns them and their scales."""
        n = shape[axis]
        scale = random.uniform(0.002, 0.01, n if channel else 1).astype(np.float32)
        low, high = (-128, 128) if kind == np.int8 else (0, 256)
        zero = np.zeros(n if channel else 1, kind) if kind == np.int8 else random.integers(100, 150, n if channel else 1).astype(kind)
        if not channel:
            scale, zero = scale[0], zero[0]
        more = {'axis': axis} if channel else {}
        return self.n('DequantizeLinear', self.w(random.integers(low, high, shape), kind), self.w(scale), self.w(zero, kind), **more), np.broadcast_to(scale, n)

    def bias(self, scales, by_channel):
        values = random.integers(-9000, 9000, len(scales))
        if by_channel:
            return self.n('DequantizeLinear', self.w(values, np.int32), self.w(scales), self.w(np.zeros(len(scales)), np.int32), axis=0)
        return self.n('DequantizeLinear', self.w(values, np.int32), self.w(scales[0]), self.w(0, np.int32))


def case(name, build, want=None, shape=(1, 3, 6, 7), cast=False, defined=False):
    g = Graph()
    out = build(g)
    if cast:
        out = g.n('Cast', out, to=T.FLOAT)
    g.nodes.append(helper.make_node('Identity', [out], ['y']))
    x, y = helper.make_tensor_value_info('x', T.FLOAT, ['n'] + list(shape[1:])), helper.make_tensor_value_info('y', T.FLOAT, None)
    data = helper.make_model(helper.make_graph(g.nodes, 'g', [x], [y], g.weights), opset_imports=[helper.make_opsetid('', 17)], ir_version=8).SerializeToString()
    o = onnxruntime.SessionOptions()
    o.log_severity_level = 3
    if defined:  # by ONNX; ONNX Runtime's own sum of bytes takes another way
        o.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    with tempfile.TemporaryDirectory() as d:
        o.optimized_model_filepath = os.path.join(d, 'm.onnx')
        session = onnxruntime.InferenceSession(data, o, providers=['CPUExecutionProvider'])
        made = {n.op_type for n in onnx.load(o.optimized_model_filepath).graph.node}
    assert want is None or want in made, (name, made)
    results = b''
    for batch in (1, 2):
        y = np.asarray(session.run(['y'], {'x': film([batch] + list(shape[1:]))})[0], dtype=np.float32)
        assert y.size < 5000 and len(np.unique(y)) > 7, (name, y.shape, len(np.unique(y)))
        results += struct.pack(f'<{2 + y.ndim}i', batch, y.ndim, *y.shape) + y.astype('<f4').tobytes()
    cases[name] = data, results


def conv(kind, channel, weights=np.int8, bias=True, after=None, channels=5, size=(3, 3), zero_out=None, scale_out=0.1, first=None, **attributes):
    def build(g):
        zero = 117 if kind == np.uint8 else -7
        x, scale_x, c = g.grid('x', 0.0073, zero, kind), np.float32(0.0073), 3
        if first:
            x, c = first(g, x), 8
            scale_x, zero = np.float32(0.05), 0
        w, scale = g.weight((channels, c // attributes.get('group', 1)) + size, channel, 0, weights)
        y = g.n('Conv', x, w, *([g.bias((scale_x * scale).astype(np.float32), channel)] if bias else []), **attributes)
        if after:
            y = after(g, y)
        z = zero_out if zero_out is not None else (131 if kind == np.uint8 else 11)
        return g.grid(y, scale_out, z, kind)
    return build


relu = lambda g, y: g.n('Relu', y)
clip = lambda g, y: g.n('Clip', y, g.w(0), g.w(3))
for kind in (np.uint8, np.int8):
    k, least = kind.__name__, 0 if kind == np.uint8 else -128
    for channel in (False, True):
        c = 'channel' if channel else 'tensor'
        case(f'conv_{k}_{c}', conv(kind, channel, pads=[1] * 4), 'QLinearConv')
    case(f'conv_{k}_no_bias', conv(kind, True, bias=False, strides=[2, 2], pads=[1, 0, 0, 1]), 'QLinearConv')
    case(f'conv_{k}_dilated', conv(kind, True, channels=33, dilations=[2, 1], pads=[2, 1, 2, 1]), 'QLinearConv')
    case(f'conv_{k}_relu', conv(kind, True, after=relu, zero_out=least, scale_out=0.05, pads=[1] * 4), 'QLinearConv')
    case(f'float_conv_{k}_relu_within', conv(kind, True, after=relu, zero_out=least + 20, scale_out=0.05, pads=[1] * 4))
    case(f'float_conv_{k}_clip', conv(kind, True, after=clip, zero_out=least, scale_out=0.02, pads=[1] * 4))
    case(f'float_conv_{k}_gelu', conv(kind, True, after=lambda g, y: g.n('Mul', y, g.n('Sigmoid', y)), pads=[1] * 4))
    pool = lambda g, x: g.n('MaxPool', g.grid(g.n('Conv', x, g.weight((8, 3, 1, 1), True, 0)[0]), 0.05, 120 if kind == np.uint8 else -8, kind), kernel_shape=[3, 3], strides=[1, 2], pads=[1] * 4)
    case(f'conv_{k}_pooled', lambda g: g.grid(g.n('Conv', g.grid(pool(g, g.grid('x', 0.0073, 100, kind)), 0.05, 120 if kind == np.uint8 else -8, kind), g.weight((40, 8, 1, 1), True, 0)[0]), 0.1, 100, kind), 'QLinearConv')
    case(f'qlinearconv_{k}', lambda g: g.n('QLinearConv', g.n('QuantizeLinear', 'x', g.w(0.0078), g.w(60, kind)), g.w(0.0078), g.w(60, kind), g.w(random.integers(-128, 128, (6, 3, 3, 3)), np.int8), g.w(random.uniform(0.001, 0.01, 6)), g.w(np.zeros(6), np.int8), g.w(0.03), g.w(20, kind), g.w(random.integers(-3000, 3000, 6), np.int32), pads=[1] * 4), 'QLinearConv', cast=True)
    case(f'matmul_{k}', lambda g: g.grid(g.n('MatMul', g.grid('x', 0.0073, 100, kind), g.weight((7, 37), True, 1)[0]), 0.02, 100, kind), 'QLinearMatMul')
    case(f'float_matmul_{k}_bias', lambda g: g.n('Add', g.n('MatMul', g.grid('x', 0.0073, 100, kind), g.weight((7, 37), True, 1)[0]), g.w(random.uniform(-1, 1, 37))), 'MatMulIntegerToFloat')

    def gemm(g, turned):
        w, scale = g.weight((9, 126) if turned else (126, 9), True, 0 if turned else 1)
        return g.grid(g.n('Gemm', g.n('Flatten', g.grid('x', 0.0073, 100, kind)), w, g.bias((np.float32(0.0073) * scale).astype(np.float32), True), transB=int(turned)), 0.1, 100, kind)

    case(f'float_gemm_{k}', lambda g: gemm(g, False))
    case(f'float_gemm_{k}_turned', lambda g: gemm(g, True))
    case(f'add_{k}', lambda g: g.grid(g.n('Relu', g.n('Add', g.grid('x', 0.0073, 100, kind), g.grid('x', 0.0051, 90, kind))), 0.013, least, kind), defined=True)
case('conv_uint8_weights', conv(np.uint8, False, weights=np.uint8, pads=[1] * 4), 'QLinearConv')
case('conv_groups', lambda g: g.grid(g.n('Conv', g.grid(g.n('Conv', g.grid('x', 0.0073, 100, np.uint8), g.weight((8, 3, 1, 1), True, 0)[0]), 0.05, 128, np.uint8), g.weight((12, 4, 3, 3), True, 0)[0], group=2, pads=[1] * 4), 0.05, 128, np.uint8), 'QLinearConv')
case('float_depthwise', lambda g: g.grid(g.n('Conv', g.grid('x', 0.0073, 100, np.uint8), g.weight((3, 1, 3, 3), True, 0)[0], group=3, pads=[1] * 4), 0.02, 128, np.uint8))


def dynamic(kind, weights, channel, op, bias):
    def build(g):
        x, s, z = g.n('DynamicQuantizeLinear', 'x', outputs=3)
        n = 37 if op == 'MatMulInteger' else 12
        low, high = (-128, 128) if weights == np.int8 else (0, 256)
        w = g.w(random.integers(low, high, (7, n) if op == 'MatMulInteger' else (n, 3, 3, 3)), weights)
        zero = np.zeros(n if channel else 1, weights) if weights == np.int8 else random.integers(100, 150, n if channel else 1).astype(weights)
        y = g.n(op, x, w, z, g.w(zero if channel else zero[0], weights))
        shape = n if op == 'MatMulInteger' or not channel else (1, n, 1, 1)
        scale = g.n('Mul', s, g.w(random.uniform(0.002, 0.01, shape if channel else ())))
        y = g.n('Mul', g.n('Cast', y, to=T.FLOAT), scale)
        return g.n('Add', y, g.w(random.uniform(-1, 1, n if op == 'MatMulInteger' else (1, n, 1, 1)))) if bias else y
    return build


for op, fused in ('MatMulInteger', 'DynamicQuantizeMatMul'), ('ConvInteger', None):
    for weights in (np.uint8, np.int8):
        for channel in (False, True):
            if op == 'ConvInteger' and channel:
                continue  # ONNX Runtime has one zero point for all weights there
            for bias in (False, True):
                case(f'float_dynamic_{op}_{weights.__name__}{"_channel" * channel}{"_bias" * bias}', dynamic(np.uint8, weights, channel, op, bias), fused)
case('integers', lambda g: g.n('MatMulInteger', g.n('QuantizeLinear', 'x', g.w(0.0078), g.w(128, np.uint8)), g.w(random.integers(-128, 128, (7, 5)), np.int8), g.w(128, np.uint8)), cast=True)
case('integers_conv', lambda g: g.n('ConvInteger', g.n('QuantizeLinear', 'x', g.w(0.0078), g.w(128, np.uint8)), g.w(random.integers(0, 256, (5, 3, 3, 3)), np.uint8), g.w(128, np.uint8), g.w(3, np.uint8), pads=[1] * 4), cast=True)

with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    for name in sorted(cases):
        for suffix, data in zip(('.onnx', '.out'), cases[name]):
            z.writestr(zipfile.ZipInfo(name + suffix, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
print(len(cases), 'models; onnx', onnx.__version__, 'onnxruntime', onnxruntime.__version__)
