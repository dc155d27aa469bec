"""Writes corpus.zip: models of single operators and small graphs, and what ONNX Runtime without optimizations makes of them
for batches of 1 and 2 (optimized, it fuses some of them wrongly itself). Needs onnx, onnxruntime and numpy of PyPI.

    python corpus.py corpus.zip [SEED [GRAPHS]]

NAME.onnx is a model of the input x; NAME.out holds, for each batch, in little endian: int32 batch, rank and dimensions, then
float32 values. The input's values are the formula in film()."""
import itertools, struct, sys, zipfile

import numpy as np, onnx, onnxruntime
from onnx import TensorProto as T, helper, numpy_helper

random = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
cases, skipped = {}, []


def film(shape):
    k = np.arange(int(np.prod(shape)), dtype=np.uint64) * 2654435761 % 2**32
    return (((k >> 22).astype(np.float32) - 512) / 512).reshape(shape)


class Graph:
    def __init__(self, opset, shape):
        self.opset, self.shape, self.nodes, self.weights, self.count = opset, list(shape), [], [], 0

    def w(self, array, dtype=None):
        a = np.asarray(array, dtype=dtype)
        if dtype is None and a.dtype == np.float64:
            a = a.astype(np.float32)
        self.weights.append(numpy_helper.from_array(a, f'w{len(self.weights)}'))
        return self.weights[-1].name

    def rand(self, *shape, low=-1.0, high=1.0):
        return self.w(random.uniform(low, high, shape).astype(np.float32).round(3))

    def n(self, op, *inputs, outputs=1, domain='', **attributes):
        names = [f'v{self.count + i}' for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def const(self, array, dtype=None):
        return self.n('Constant', value=numpy_helper.from_array(np.asarray(array, dtype=dtype)))

    def model(self, out, kind=T.FLOAT):
        self.nodes.append(helper.make_node('Identity', [out], ['y']) if self.nodes and out == 'x' else helper.make_node('Identity', [out], ['y']))
        x = helper.make_tensor_value_info('x', T.FLOAT, ['n'] + self.shape[1:])
        y = helper.make_tensor_value_info('y', kind, None)
        return helper.make_model(helper.make_graph(self.nodes, 'g', [x], [y], self.weights), opset_imports=[helper.make_opsetid('', self.opset)], ir_version=8 if self.opset < 19 else 10)


def case(name, opset, build, shape=(1, 3, 5, 7), cast=False):
    g = Graph(opset, shape)
    out = build(g)
    if cast:
        out = g.n('Cast', out, to=T.FLOAT)
    model = g.model(out)
    data = model.SerializeToString()
    o = onnxruntime.SessionOptions()
    o.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    o.log_severity_level = 4
    results = b''
    done = 0
    for batch in (1, 2):
        try:
            session = onnxruntime.InferenceSession(data, o, providers=['CPUExecutionProvider'])
            y = session.run(['y'], {'x': film([batch] + list(shape[1:]))})[0]
        except Exception as e:
            if batch == 1:
                skipped.append(f'{name}: {str(e)[:150]}')
            continue
        y = np.asarray(y, dtype=np.float32)
        assert y.size < 5000, (name, y.shape)
        results += struct.pack(f'<{2 + y.ndim}i', batch, y.ndim, *y.shape) + y.astype('<f4').tobytes()
        done += 1
    if done:
        assert name not in cases, name
        cases[name] = (data, results)


def unary(op, opset=13, scale=1.0, name=None, shift=0.0, **attributes):
    def build(g):
        x = 'x'
        if scale != 1:
            x = g.n('Mul', x, g.w(np.float32(scale)))
        if shift:
            x = g.n('Add', x, g.w(np.float32(shift)))
        return g.n(op, x, **attributes)
    case(name or f'{op.lower()}{opset}' + ''.join(f'_{k}{v}' for k, v in attributes.items()), opset, build)


# Functions of one value.
for op in 'Relu Sigmoid Tanh Erf Exp Neg Abs Softplus Softsign Sign Sin Cos Tan Atan Floor Ceil'.split():
    unary(op, scale=4.0)
for op in 'Asin Acos'.split():
    unary(op)
for op in 'Sinh Cosh'.split():
    unary(op, scale=2.0)
unary('Round', scale=8.0)
unary('Sqrt', shift=1.0)
unary('Log', shift=1.5)
unary('Reciprocal', shift=1.5)
unary('HardSwish', 14, scale=8.0)
unary('Mish', 18, scale=8.0)
for a in ('none', 'tanh'):
    unary('Gelu', 20, scale=4.0, approximate=a)
for op, values in {'LeakyRelu': (0.01, 0.3), 'Elu': (1.0, 0.5), 'Celu': (1.0, 2.0), 'ThresholdedRelu': (1.0, 0.25)}.items():
    unary(op, scale=3.0)
    for v in values:
        unary(op, scale=3.0, alpha=v)
unary('Selu', scale=3.0)
unary('Selu', scale=3.0, alpha=1.5, gamma=2.0)
unary('HardSigmoid', scale=5.0)
unary('HardSigmoid', scale=5.0, alpha=1 / 6, beta=0.5)
unary('HardSigmoid', scale=5.0, alpha=1 / 6, beta=0.4)
for opset in (9, 10):
    unary('Clip', opset, name=f'clip{opset}', scale=8.0, min=-1.0, max=5.0)
    unary('Clip', opset, name=f'clip{opset}_max', scale=8.0, max=5.0)
for low, high in ((0, 6), (-2, 3), (None, 1), (-1, None), (None, None), (3, -2)):
    case(f'clip13_{low}_{high}', 13, lambda g: g.n('Clip', g.n('Mul', 'x', g.w(np.float32(8))), '' if low is None else g.w(np.float32(low)), *([] if high is None else [g.w(np.float32(high))])))
case('clip_runtime_bounds', 13, lambda g: g.n('Clip', 'x', g.n('ReduceMean', 'x', axes=[0, 1, 2, 3], keepdims=0), g.n('ReduceMax', 'x', axes=[0, 1, 2, 3], keepdims=0)))
case('clip_int64', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Clip', g.w([1, 9], np.int64), g.w(2, np.int64), g.w(5, np.int64)), to=T.FLOAT)), shape=(1, 3, 5, 2))

# Functions of two.
shapes = {'same': None, 'scalar': (), 'one': (1,), 'row': (7,), 'col': (5, 1), 'chan': (3, 1, 1), 'chan4': (1, 3, 1, 1), 'map': (5, 7), 'whole': (1, 3, 5, 7), 'up': (2, 1, 3, 5, 7)}
for op in 'Add Sub Mul Div Pow Max Min PRelu Less Equal And Where'.split():
    for label, s in shapes.items():
        if op == 'PRelu' and label == 'up':
            continue

        def build(g):
            x = g.n('Add', 'x', g.w(np.float32(1.5))) if op == 'Pow' else 'x'
            other = g.n('Mul', g.n('Transpose', g.n('Transpose', x, perm=[0, 1, 3, 2]), perm=[0, 1, 3, 2]), g.w(np.float32(0.5))) if s is None else g.rand(*s, low=0.25, high=2)
            if op in ('Less', 'Equal'):
                return g.n('Cast', g.n(op, g.n('Round', g.n('Mul', x, g.w(np.float32(2)))), g.n('Round', other)), to=T.FLOAT)
            if op == 'And':
                return g.n('Cast', g.n('And', g.n('Less', x, g.w(np.float32(0.3))), g.n('Greater', other, g.w(np.float32(0.8 if s is not None else 0)))), to=T.FLOAT)
            if op == 'Where':
                return g.n('Where', g.n('Greater', x, g.w(np.float32(0))), other, x)
            return g.n(op, x, other)
        case(f'{op.lower()}_{label}', 13, build)
        if op in ('Sub', 'Div', 'Pow', 'Less') and s is not None:
            case(f'{op.lower()}_{label}_swapped', 13, lambda g: g.n('Cast', g.n(op, g.rand(*s, low=0.25, high=2), g.n('Add', 'x', g.w(np.float32(1.5)))), to=T.FLOAT))
for op in 'Greater LessOrEqual GreaterOrEqual'.split():
    case(op.lower(), 16, lambda g: g.n(op, g.n('Round', g.n('Mul', 'x', g.w(np.float32(2)))), g.w(np.float32(1))), cast=True)
for op in 'Or Xor'.split():
    case(op.lower(), 16, lambda g: g.n(op, g.n('Greater', 'x', g.w(np.float32(0.2))), g.n('Less', 'x', g.w(np.float32(0.5)))), cast=True)
case('not', 16, lambda g: g.n('Not', g.n('Greater', 'x', g.w(np.float32(0.2)))), cast=True)
for op in 'Max Min Sum Mean'.split():
    for count in (1, 2, 3, 4):
        case(f'{op.lower()}_of_{count}', 13, lambda g: g.n(op, *(['x', g.rand(7), g.n('Neg', 'x'), 'x'][:count])))
case('max_of_3_and_again', 13, lambda g: (lambda r: g.n('Add', g.n('Max', r, g.rand(7), r), r))(g.n('Neg', 'x')))
case('mod_fmod_run', 13, lambda g: g.n('Mod', g.n('Mul', 'x', g.w(np.float32(9))), g.w(np.float32(2.5)), fmod=1))
for a, b, f in itertools.product((-7, 7), (-3, 3), (0, 1)):
    case(f'mod_{a}_{b}_{f}', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Mod', g.w([a], np.int64), g.w([b], np.int64), fmod=f), to=T.FLOAT)))
for a, b in ((-7, 2), (7, -2)):
    case(f'div_int_{a}_{b}', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Div', g.w([a], np.int64), g.w([b], np.int64)), to=T.FLOAT)))
case('pow_int', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Pow', g.w([3], np.int64), g.w([4], np.int64)), to=T.FLOAT)))
case('pow_float_int', 13, lambda g: g.n('Pow', 'x', g.w([3], np.int64)))
case('where_known_condition', 13, lambda g: g.n('Where', g.w([True, False, True, True, False, False, True]), 'x', g.w(np.float32(9))))
case('where_scalars', 13, lambda g: g.n('Where', g.n('Less', 'x', g.w(np.float32(0))), g.w(np.float32(-1)), g.w(np.float32(1))))
case('equal_bool_run', 13, lambda g: g.n('Equal', g.n('Less', 'x', g.w(np.float32(0))), g.w(True)), cast=True)
case('in_place_square', 13, lambda g: (lambda r: g.n('Add', r, g.n('Transpose', r, perm=[0, 1, 3, 2])))(g.n('Relu', 'x')), shape=(1, 3, 5, 5))
case('in_place_layouts', 13, lambda g: (lambda r: g.n('Sub', r, g.n('Transpose', r, perm=[0, 2, 3, 1])))(g.n('Neg', 'x')), shape=(1, 3, 3, 3))

# Casts.
for kind, value in itertools.product((T.BOOL, T.INT8, T.UINT8, T.INT16, T.UINT16, T.INT32, T.INT64), (300, -1, 0, 5)):
    name = T.DataType.Name(kind).lower()
    case(f'cast_known_{name}_{value}', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Cast', g.w([value], np.int64), to=kind), to=T.FLOAT)), shape=(1, 1, 2, 3))
for kind in (T.BOOL, T.INT8, T.INT32, T.INT64):
    case(f'cast_run_{T.DataType.Name(kind).lower()}', 13, lambda g: g.n('Cast', g.n('Mul', 'x', g.w(np.float32(9))), to=kind), cast=True)
case('cast_float_int', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Cast', g.w([2.7, -2.7]), to=T.INT64), to=T.FLOAT)), shape=(1, 3, 5, 2))
case('castlike', 15, lambda g: g.n('CastLike', g.n('CastLike', g.n('Mul', 'x', g.w(np.float32(9))), g.w([1], np.int32)), 'x'))

# Windows.
for opset, k, s, p, d, group in ((13, 1, 1, 0, 1, 1), (13, 3, 1, 1, 1, 1), (13, 3, 2, 1, 1, 1), (13, 3, 1, 2, 2, 1), (13, 3, 1, 1, 1, 3), (13, 5, 2, 2, 1, 3), (22, 3, 3, 0, 1, 1), (13, 2, 1, 1, 1, 1)):
    for bias in (False, True):
        for out in (3, 6):
            case(f'conv{opset}_k{k}s{s}p{p}d{d}g{group}o{out}{"b" if bias else ""}', opset,
                 lambda g: g.n('Conv', 'x', g.rand(out, 3 // group, k, k), *([g.rand(out)] if bias else []), strides=[s, s], pads=[p] * 4, dilations=[d, d], group=group))
for mode in 'SAME_UPPER SAME_LOWER VALID'.split():
    for s, d in ((1, 1), (2, 1), (1, 2)):
        case(f'conv_{mode.lower()}_s{s}d{d}', 13, lambda g: g.n('Conv', 'x', g.rand(2, 3, 2, 3), strides=[s, s], dilations=[d, d], auto_pad=mode))
        if d == 1:
            case(f'maxpool_{mode.lower()}_s{s}', 12, lambda g: g.n('MaxPool', 'x', kernel_shape=[3, 2], strides=[s, s], auto_pad=mode))
            for c in (0, 1):
                case(f'avgpool_{mode.lower()}_s{s}_c{c}', 11, lambda g: g.n('AveragePool', 'x', kernel_shape=[3, 2], strides=[s, s], auto_pad=mode, count_include_pad=c))
case('conv_asymmetric', 13, lambda g: g.n('Conv', 'x', g.rand(4, 3, 3, 2), pads=[0, 1, 2, 0], strides=[2, 1]))
case('conv_wide', 13, lambda g: g.n('Conv', g.n('Conv', 'x', g.rand(32, 3, 1, 1)), g.rand(18, 32, 3, 3, low=-0.2, high=0.2), g.rand(18), pads=[1] * 4), shape=(1, 3, 9, 9))
case('conv_constant_input', 13, lambda g: g.n('Add', 'x', g.n('Conv', g.rand(1, 4, 5, 7), g.rand(3, 4, 1, 1), g.rand(3))))
for s, p, d in ((1, 0, 1), (2, 1, 1), (1, 2, 2)):
    case(f'conv1d_s{s}p{p}d{d}', 13, lambda g: g.n('Conv', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), g.rand(4, 3, 3), g.rand(4), strides=[s], pads=[p, p], dilations=[d]))
    case(f'maxpool1d_s{s}p{min(p, 1)}', 12, lambda g: g.n('MaxPool', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), kernel_shape=[3], strides=[s], pads=[min(p, 1)] * 2)) if d == 1 else None
case('conv1d_same', 13, lambda g: g.n('Conv', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), g.rand(3, 1, 4), auto_pad='SAME_UPPER', group=3))
case('globalpool1d', 13, lambda g: g.n('GlobalAveragePool', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64))))
for k, s, p, ceil in itertools.product((2, 3), (1, 2, 3), (0, 1), (0, 1)):
    case(f'maxpool_k{k}s{s}p{p}c{ceil}', 12, lambda g: g.n('MaxPool', 'x', kernel_shape=[k, k], strides=[s, s], pads=[p] * 4, ceil_mode=ceil), shape=(1, 3, 6, 8))
    for count in (0, 1):
        case(f'avgpool_k{k}s{s}p{p}c{ceil}_{count}', 19, lambda g: g.n('AveragePool', 'x', kernel_shape=[k, k], strides=[s, s], pads=[p] * 4, ceil_mode=ceil, count_include_pad=count), shape=(1, 3, 6, 8))
case('avgpool_dilated', 19, lambda g: g.n('AveragePool', 'x', kernel_shape=[2, 2], dilations=[2, 3]))
case('maxpool_dilated', 12, lambda g: g.n('MaxPool', 'x', kernel_shape=[2, 2], dilations=[2, 3], pads=[1, 1, 1, 1]))
case('avgpool11_uneven', 11, lambda g: g.n('AveragePool', 'x', kernel_shape=[3, 3], pads=[0, 1, 1, 2], count_include_pad=1))
for p in (1, 2):
    case(f'lppool_{p}', 13, lambda g: g.n('LpPool', 'x', kernel_shape=[2, 3], strides=[2, 2], pads=[0, 1, 0, 1], p=p))
for op in 'GlobalAveragePool GlobalMaxPool'.split():
    unary(op)
for k, s, p, op_, d, group in ((2, 2, 0, 0, 1, 1), (3, 2, 1, 1, 1, 1), (3, 1, 1, 0, 1, 1), (4, 2, 1, 0, 1, 3), (3, 2, 0, 0, 2, 1), (3, 3, 1, 2, 1, 1)):
    case(f'convtranspose_k{k}s{s}p{p}o{op_}d{d}g{group}', 11, lambda g: g.n('ConvTranspose', 'x', g.rand(3, 2, k, k), g.rand(2 * group), strides=[s, s], pads=[p] * 4, output_padding=[op_] * 2, dilations=[d, d], group=group), shape=(1, 3, 3, 4))
for mode in 'SAME_UPPER SAME_LOWER'.split():
    case(f'convtranspose_{mode.lower()}', 11, lambda g: g.n('ConvTranspose', 'x', g.rand(3, 2, 3, 3), strides=[2, 2], auto_pad=mode), shape=(1, 3, 3, 4))
case('convtranspose_shape', 11, lambda g: g.n('ConvTranspose', 'x', g.rand(3, 2, 3, 3), strides=[2, 2], output_shape=[6, 9]), shape=(1, 3, 3, 4))
case('convtranspose1d', 11, lambda g: g.n('ConvTranspose', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), g.rand(3, 2, 3), strides=[2], pads=[1, 1], output_padding=[1]), shape=(1, 3, 3, 4))

# Normalizations.
for opset in (9, 13, 15):
    case(f'batchnorm{opset}', opset, lambda g: g.n('BatchNormalization', 'x', g.rand(3), g.rand(3), g.rand(3), g.rand(3, low=0.5, high=2), epsilon=1e-3))
case('batchnorm_rank3', 13, lambda g: g.n('BatchNormalization', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), g.rand(3), g.rand(3), g.rand(3), g.rand(3, low=0.5, high=2)))
case('batchnorm_rank5', 13, lambda g: g.n('BatchNormalization', g.n('Reshape', 'x', g.w([0, 3, 5, 7, 1], np.int64)), g.rand(3), g.rand(3), g.rand(3), g.rand(3, low=0.5, high=2)))
case('batchnorm_rank2', 13, lambda g: g.n('BatchNormalization', g.n('Flatten', 'x'), g.rand(105), g.rand(105), g.rand(105), g.rand(105, low=0.5, high=2)))
case('batchnorm_training_constant', 15, lambda g: g.n('Add', 'x', g.n('BatchNormalization', g.rand(2, 3, 5, 7), g.rand(3), g.rand(3), g.rand(3), g.rand(3, low=0.5, high=2), outputs=3, training_mode=1)[0]))
case('conv_batchnorm', 13, lambda g: g.n('Relu', g.n('BatchNormalization', g.n('Conv', 'x', g.rand(4, 3, 3, 3), g.rand(4)), g.rand(4), g.rand(4), g.rand(4), g.rand(4, low=0.5, high=2))))
case('instancenorm', 13, lambda g: g.n('InstanceNormalization', 'x', g.rand(3), g.rand(3), epsilon=1e-2))
case('instancenorm_rank3', 13, lambda g: g.n('InstanceNormalization', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), g.rand(3), g.rand(3)))
case('groupnorm18', 18, lambda g: g.n('GroupNormalization', g.n('Conv', 'x', g.rand(6, 3, 1, 1)), g.rand(3), g.rand(3), num_groups=3))
case('groupnorm21', 21, lambda g: g.n('GroupNormalization', g.n('Conv', 'x', g.rand(6, 3, 1, 1)), g.rand(6), g.rand(6), num_groups=2))
for axis in (-1, 1, 2, 3):
    size = {-1: (7,), 3: (7,), 2: (5, 7), 1: (3, 5, 7)}[axis]
    case(f'layernorm_{axis}', 17, lambda g: g.n('LayerNormalization', 'x', g.rand(*size), g.rand(*size), axis=axis, epsilon=1e-3))
case('layernorm_no_bias', 17, lambda g: g.n('LayerNormalization', 'x', g.rand(7)))
case('rmsnorm', 23, lambda g: g.n('RMSNormalization', 'x', g.rand(7), epsilon=1e-3))
for axis, p in itertools.product((-1, 1, 2), (1, 2)):
    case(f'lpnorm_{axis}_{p}', 13, lambda g: g.n('LpNormalization', 'x', axis=axis, p=p))
for size in (1, 2, 3, 5):
    case(f'lrn_{size}', 13, lambda g: g.n('LRN', g.n('Conv', 'x', g.rand(7, 3, 1, 1)), size=size, alpha=0.5, beta=0.6, bias=1.5), shape=(1, 3, 2, 3))
for op in 'Softmax LogSoftmax'.split():
    for opset, axis in itertools.product((11, 12, 13), (-4, -3, -2, -1, 0, 1, 2, 3, None)):
        if opset == 12 and axis not in (-1, 1, None):
            continue
        case(f'{op.lower()}{opset}_{axis}', opset, lambda g: g.n(op, g.n('Mul', 'x', g.w(np.float32(3))), **({} if axis is None else {'axis': axis})))
    case(f'{op.lower()}_after_conv', 13, lambda g: g.n(op, g.n('Conv', 'x', g.rand(5, 3, 1, 1)), axis=1))

# Reductions.
for op in 'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp'.split():
    def reduced(g, axes, **attributes):
        x = g.n('Add', 'x', g.w(np.float32(1.5))) if op == 'ReduceLogSum' else 'x'
        if g.opset >= 18 or op == 'ReduceSum' and g.opset >= 13:
            return g.n(op, x, *([] if axes is None else [g.w(axes, np.int64)]), **attributes)
        return g.n(op, x, **attributes, **({} if axes is None else {'axes': axes}))
    for axes, keep in itertools.product(([1], [-1], [2, 3], [0, 2], None), (0, 1)):
        case(f'{op.lower()}_{axes}_{keep}'.replace(' ', ''), 18 if axes and len(axes) == 1 else 13, lambda g: reduced(g, axes, keepdims=keep))
    case(f'{op.lower()}_noop', 18, lambda g: g.n(op, g.n('Add', 'x', g.w(np.float32(1.5))), noop_with_empty_axes=1))
    case(f'{op.lower()}_empty', 18, lambda g: g.n(op, g.n('Add', 'x', g.w(np.float32(1.5))), g.w([], np.int64)))
    case(f'{op.lower()}_after_conv', 13, lambda g: reduced(g, [2, 3], keepdims=0) if False else g.n('Identity', (lambda c: g.n(op, g.n('Exp', c), *([g.w([2, 3], np.int64)] if op == 'ReduceSum' else []), keepdims=0, **({} if op == 'ReduceSum' else {'axes': [2, 3]})))(g.n('Conv', 'x', g.rand(4, 3, 1, 1)))))
for op in 'ReduceSum ReduceMax ReduceMin ReduceProd'.split():
    case(f'{op.lower()}_int', 18, lambda g: g.n('Add', 'x', g.n('Cast', g.n(op, g.w([[3, 1], [4, 2]], np.int64), g.w([0], np.int64)), to=T.FLOAT)), shape=(1, 3, 5, 2))
for op, axis, keep in itertools.product(('ArgMax', 'ArgMin'), (0, 1, -1), (0, 1)):
    case(f'{op.lower()}_{axis}_{keep}', 13, lambda g: g.n(op, 'x', axis=axis, keepdims=keep), cast=True)
case('argmax_last', 13, lambda g: g.n('ArgMax', g.n('Round', 'x'), axis=3, select_last_index=1), cast=True)
for exclusive, reverse, axis in itertools.product((0, 1), (0, 1), (1, -1)):
    case(f'cumsum_{axis}_{exclusive}{reverse}', 14, lambda g: g.n('CumSum', 'x', g.w(axis, np.int64), exclusive=exclusive, reverse=reverse))
case('cumsum_int', 14, lambda g: g.n('Add', 'x', g.n('Cast', g.n('CumSum', g.w([3, 1, 4], np.int64), g.w(0, np.int64)), to=T.FLOAT)), shape=(1, 3, 5, 3))

# Matrices.
flat = lambda g: g.n('Flatten', 'x')
for ta, tb, c in itertools.product((0, 1), (0, 1), ('none', 'row', 'one', 'col', 'scalar', 'full')):
    def build(g):
        a = g.n('Reshape', 'x', g.w([3, -1], np.int64) if not ta else g.w([-1, 3], np.int64))
        m, k = 3, 35
        cs = {'row': (4,), 'one': (1,), 'col': (3, 1), 'scalar': (), 'full': (3, 4)}
        return g.n('Gemm', a, g.rand(4, k) if tb else g.rand(k, 4), *([] if c == 'none' else [g.rand(*cs[c])]), transA=ta, transB=tb, alpha=0.5, beta=2.0)
    case(f'gemm_{ta}{tb}_{c}', 13, build)
case('gemm_square_col', 13, lambda g: g.n('Gemm', g.n('Reshape', 'x', g.w([3, -1], np.int64)), g.rand(35, 3), g.rand(3, 1)))
case('gemm_runtime_b', 13, lambda g: g.n('Gemm', g.n('Reshape', 'x', g.w([3, -1], np.int64)), g.n('Neg', g.n('Reshape', 'x', g.w([3, -1], np.int64))), g.n('ReduceMax', g.n('Reshape', 'x', g.w([3, -1], np.int64)), axes=[1], keepdims=0), transB=1, beta=0.5))
case('gemm9', 9, lambda g: g.n('Gemm', flat(g), g.rand(105, 4), g.rand(4)))
for a, b in (((3, 5, 7), (7, 4)), ((3, 5, 7), (3, 7, 2)), ((3, 5, 7), (1, 7, 2)), ((3, 5, 7), (2, 1, 7, 2)), ((1, 15, 7), (4, 7, 2)), ((3, 5, 7), (7,)), ((105,), (105, 2)), ((105,), (105,)), ((3, 1, 5, 7), (1, 2, 7, 3)), ((3, 5, 7), (2, 3, 7, 2))):
    case(f'matmul_{"x".join(map(str, a))}_{"x".join(map(str, b))}', 13, lambda g: g.n('MatMul', g.n('Reshape', 'x', g.w(a, np.int64)), g.rand(*b)))
    case(f'matmul_{"x".join(map(str, a))}_{"x".join(map(str, b))}_run', 13, lambda g: g.n('MatMul', g.n('Reshape', 'x', g.w(a, np.int64)), g.n('Mul', g.rand(*b), g.n('ReduceMax', 'x', keepdims=0))))
case('matmul_known_left', 13, lambda g: g.n('MatMul', g.rand(2, 5), 'x'))
for equation, a, b in (('bchw,cd->bdhw', None, (3, 4)), ('bchw,bchw->bc', None, None), ('bchw,bcxw->bhx', None, None), ('bchw,wd->bchd', None, (7, 2)), ('bchw->bwc', None, ()), ('bchw', None, ()), ('bchw,hk', None, (5, 2)), ('bchw,chw->b', None, (3, 5, 7)), ('bchw,d->bd', None, (2,))):
    def build(g):
        if b == ():
            return g.n('Einsum', 'x', equation=equation)
        return g.n('Einsum', 'x', g.n('Neg', 'x') if b is None else g.rand(*b), equation=equation)
    case('einsum_' + equation.replace(',', '_').replace('->', '_to_'), 13, build)
for upper, k in itertools.product((0, 1), (None, -1, 0, 2)):
    case(f'trilu_{upper}_{k}', 14, lambda g: g.n('Trilu', 'x', *([] if k is None else [g.w(k, np.int64)]), upper=upper))
case('trilu_int', 14, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Trilu', g.w(np.ones((5, 7)), np.int64), upper=0), to=T.FLOAT)))

# Shapes.
for start, end in ((None, None), (0, 1), (1, 3), (-2, None), (None, -1), (0, 9), (3, 1)):
    case(f'shape_{start}_{end}', 15, lambda g: g.n('Add', 'x', g.n('ReduceSum', g.n('Cast', g.n('Shape', 'x', **{k: v for k, v in (('start', start), ('end', end)) if v is not None}), to=T.FLOAT), keepdims=0)))
case('size', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Size', 'x'), to=T.FLOAT)))
for s in ([0, -1], [-1], [0, 0, 35], [0, 3, 7, 5], [-1, 1, 7]):
    case('reshape_' + '_'.join(map(str, s)), 13, lambda g: g.n('Reshape', g.n('Conv', 'x', g.rand(3, 3, 1, 1)), g.w(s, np.int64)))
for axis in (0, 1, 2, 3, 4, -1):
    case(f'flatten_{axis}', 13, lambda g: g.n('Flatten', 'x', axis=axis))
case('squeeze11', 11, lambda g: g.n('Squeeze', 'x', axes=[1]), shape=(1, 1, 5, 7))
case('squeeze13', 13, lambda g: g.n('Squeeze', 'x', g.w([-3], np.int64)), shape=(1, 1, 5, 7))
case('squeeze_all', 13, lambda g: g.n('Squeeze', 'x'), shape=(1, 1, 5, 1))
case('unsqueeze11', 11, lambda g: g.n('Unsqueeze', 'x', axes=[0, 5]))
case('unsqueeze13', 13, lambda g: g.n('Unsqueeze', 'x', g.w([-1, 1], np.int64)))
for perm in itertools.permutations(range(4)):
    case('transpose_' + ''.join(map(str, perm)), 13, lambda g: g.n('Transpose', g.n('Conv', 'x', g.rand(2, 3, 1, 1)), perm=perm), shape=(1, 3, 3, 4))
case('transpose', 13, lambda g: g.n('Transpose', 'x'))
for axis in (0, 1, 2, 3, -1):
    case(f'concat_{axis}', 13, lambda g: g.n('Concat', 'x', g.n('Neg', 'x'), 'x', axis=axis))
case('concat_known', 13, lambda g: g.n('Concat', g.rand(1, 2, 5, 7), 'x', axis=1))
case('concat_channels', 13, lambda g: g.n('Concat', g.n('Conv', 'x', g.rand(2, 3, 1, 1)), 'x', g.n('Conv', 'x', g.rand(4, 3, 1, 1)), axis=1))
case('concat_bool', 13, lambda g: g.n('Concat', g.n('Less', 'x', g.w(np.float32(0))), g.w(np.ones((1, 1, 5, 7), bool)), axis=1), cast=True)
for starts, ends, axes, steps in (([1], [4], [2], None), ([-3], [-1], [3], None), ([6], [-99], [3], [-2]), ([0, 1], [9, 3], None, None), ([4, 0], [-9, 7], [2, 3], [-1, 3]), ([0], [2**62], [1], [2]), ([-1], [-9], [3], [-1])):
    label = '_'.join(str(v) for v in (starts, ends, axes, steps)).replace(' ', '')
    case('slice_' + label, 13, lambda g: g.n('Slice', g.n('Conv', 'x', g.rand(3, 3, 1, 1)), g.w(starts, np.int64), g.w(ends, np.int64), *(['' if axes is None else g.w(axes, np.int64)] if axes or steps else []), *([g.w(steps, np.int64)] if steps else [])))
case('slice9', 9, lambda g: g.n('Slice', 'x', starts=[1, 2], ends=[3, 99], axes=[1, 3]))
for axis, index in ((0, 0), (1, 2), (2, [1, -1]), (3, [[0, 6], [3, 3]]), (-1, [2])):
    case(f'gather_{axis}_{np.ndim(index)}', 13, lambda g: g.n('Gather', g.n('Conv', 'x', g.rand(3, 3, 1, 1)), g.w(index, np.int64), axis=axis))
case('gathernd', 13, lambda g: g.n('GatherND', 'x', g.w([[0, 1], [0, 2]], np.int64)))
case('scatternd', 13, lambda g: g.n('ScatterND', 'x', g.w([[0, 1], [0, 2]], np.int64), g.rand(2, 5, 7)))
for axis, split in ((1, [1, 2]), (3, [2, 5]), (2, [1, 1, 3])):
    case(f'split11_{axis}', 11, lambda g: g.n('Concat', *reversed(g.n('Split', 'x', outputs=len(split), axis=axis, split=split)), axis=axis))
    case(f'split13_{axis}', 13, lambda g: g.n('Concat', *reversed(g.n('Split', 'x', g.w(split, np.int64), outputs=len(split), axis=axis)), axis=axis))
case('split18_uneven', 18, lambda g: g.n('Concat', *reversed(g.n('Split', 'x', outputs=3, axis=3, num_outputs=3)), axis=3))
case('split_shape', 13, lambda g: g.n('Reshape', 'x', g.n('Concat', *[(lambda p: [p[1], p[0]])(g.n('Split', g.n('Shape', 'x'), g.w([2, 2], np.int64), outputs=2))][0], axis=0)))
case('split_one_used', 13, lambda g: g.n('Split', 'x', g.w([2, 5], np.int64), outputs=2, axis=3)[1])
for mode in 'constant reflect edge wrap'.split():
    for pads, axes in (([0, 0, 1, 2, 0, 0, 2, 1], None), ([1, 2, 2, 1], [3, 2]), ([2, 0], [-1]), ([-1, 1, 1, -2], [2, 3])):
        if mode == 'wrap' and (min(pads) < 0):
            continue
        case(f'pad_{mode}_{len(pads)}_{min(pads)}', 19, lambda g: g.n('Pad', g.n('Conv', 'x', g.rand(3, 3, 1, 1)), g.w(pads, np.int64), g.w(np.float32(0.5)) if mode == 'constant' else '', *([] if axes is None else [g.w(axes, np.int64)]), mode=mode))
case('pad9', 9, lambda g: g.n('Pad', 'x', pads=[0, 1, 0, 2, 0, 0, 1, 0], value=0.25))
case('pad_int', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Pad', g.w([4, 5, 6], np.int64), g.w([3, 1], np.int64), g.w(9, np.int64)), to=T.FLOAT)))
case('pad_int_reflect', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Pad', g.w([4, 5, 6, 7], np.int64), g.w([2, 1], np.int64), mode='reflect'), to=T.FLOAT)))
for s in ([2, 1, 1, 1, 1], [1, 3, 5, 7], [3, 1, 1], [1]):
    case('expand_' + '_'.join(map(str, s)), 13, lambda g: g.n('Expand', g.n('ReduceMean', 'x', axes=[1], keepdims=1) if s == [1, 3, 5, 7] else 'x', g.w(s, np.int64)))
case('tile', 13, lambda g: g.n('Tile', 'x', g.w([1, 2, 1, 2], np.int64)))
case('tile_batch', 13, lambda g: g.n('Tile', g.n('Conv', 'x', g.rand(2, 3, 1, 1)), g.w([3, 2, 1, 1], np.int64)))
case('tile_int', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Tile', g.w([1, 2], np.int64), g.w([3], np.int64)), to=T.FLOAT)), shape=(1, 3, 5, 6))
case('constantofshape', 13, lambda g: g.n('Add', 'x', g.n('ConstantOfShape', g.n('Shape', 'x'), value=numpy_helper.from_array(np.float32([2.5])))))
case('range_int', 13, lambda g: g.n('Add', 'x', g.n('Cast', g.n('Range', g.w(9, np.int64), g.w(-5, np.int64), g.w(-2, np.int64)), to=T.FLOAT)))
case('range_float', 13, lambda g: g.n('Add', 'x', g.n('Range', g.w(np.float32(0)), g.w(np.float32(3.5)), g.w(np.float32(0.5)))))
case('eyelike', 13, lambda g: g.n('Add', 'x', g.n('EyeLike', g.rand(5, 7), k=1)))
for mode in 'DCR CRD'.split():
    case(f'depthtospace_{mode}', 13, lambda g: g.n('DepthToSpace', g.n('Conv', 'x', g.rand(8, 3, 1, 1)), blocksize=2, mode=mode), shape=(1, 3, 2, 3))
case('spacetodepth', 13, lambda g: g.n('SpaceToDepth', 'x', blocksize=2), shape=(1, 3, 4, 6))
case('identity', 13, lambda g: 'x')
case('dropout', 13, lambda g: g.n('Dropout', 'x', g.w(np.float32(0.5)), g.w(False)))

# Resize.
modes = [('nearest', {'nearest_mode': m}) for m in 'round_prefer_floor round_prefer_ceil floor ceil'.split()] + [('linear', {}), ('cubic', {}), ('cubic', {'cubic_coeff_a': -0.5, 'exclude_outside': 1})]
places = 'half_pixel pytorch_half_pixel asymmetric align_corners'.split()
for i, ((mode, more), place, scale) in enumerate(itertools.product(modes, places, ((2.0, 2.0), (0.6, 0.5), (1.3, 1.0), (1.0 + 2 / 3, 2 / 3)))):
    label = f'resize_{mode}{"_" + more["nearest_mode"] if "nearest_mode" in more else ""}{"_x" if "exclude_outside" in more else ""}_{place}_{scale[0]:.2f}_{scale[1]:.2f}'
    case(label, 13, lambda g: g.n('Resize', 'x', '', g.w(np.float32([1, 1, *scale])), mode=mode, coordinate_transformation_mode=place, **more), shape=(1, 1, 5, 6))
for mode, place in itertools.product(('nearest', 'linear', 'cubic'), ('half_pixel', 'align_corners', 'pytorch_half_pixel')):
    case(f'resize_sizes_{mode}_{place}', 13, lambda g: g.n('Resize', g.n('Conv', 'x', g.rand(2, 3, 1, 1)), '', '', g.w([1, 2, 8, 4], np.int64), mode=mode, coordinate_transformation_mode=place)) if True else None
for scale in (1.1, 1.3, 0.9, 1.6666666):
    for size in (3, 5, 10):
        case(f'resize_floor_{size}_{scale}', 13, lambda g: g.n('Resize', 'x', '', g.w(np.float32([1, 1, scale, 1])), mode='linear'), shape=(1, 1, size, 3))
for mode in ('nearest', 'linear'):
    case(f'resize10_{mode}_up', 10, lambda g: g.n('Resize', 'x', g.w(np.float32([1, 1, 2, 1.5])), mode=mode), shape=(1, 1, 5, 6))
    case(f'upsample9_{mode}', 9, lambda g: g.n('Upsample', 'x', g.w(np.float32([1, 1, 2, 3])), mode=mode), shape=(1, 1, 3, 4))
case('resize10_linear_down', 10, lambda g: g.n('Resize', 'x', g.w(np.float32([1, 1, 0.5, 0.6])), mode='linear'), shape=(1, 1, 5, 6))
for scale in ((0.5, 0.4), (0.7, 1.5)):
    for mode in ('linear', 'cubic'):
        case(f'resize_antialias_{mode}_{scale[0]}', 18, lambda g: g.n('Resize', 'x', '', g.w(np.float32([1, 1, *scale])), mode=mode, antialias=1), shape=(1, 3, 9, 8))
case('resize_axes', 18, lambda g: g.n('Resize', 'x', '', g.w(np.float32([2, 0.5])), mode='linear', axes=[3, 2]))
case('resize_symmetric', 19, lambda g: g.n('Resize', 'x', '', g.w(np.float32([1, 1, 1.3, 0.7])), mode='linear', coordinate_transformation_mode='half_pixel_symmetric'))
for policy in ('not_larger', 'not_smaller'):
    case(f'resize_{policy}', 18, lambda g: g.n('Resize', 'x', '', '', g.w([8, 9], np.int64), mode='nearest', axes=[2, 3], keep_aspect_ratio_policy=policy))

# Quantization.
kinds = {'u8': np.uint8, 'i8': np.int8, 'u16': np.uint16, 'i16': np.int16}
for label, kind in kinds.items():
    for zero in (0, 3):
        for where in ('weight', 'const', 'cast', 'identity'):
            def build(g):
                z = g.w(zero, kind) if where == 'weight' else g.const(zero, kind) if where == 'const' else g.n('Cast', g.w(np.float32(zero)), to=helper.np_dtype_to_tensor_dtype(np.dtype(kind))) if where == 'cast' else g.n('Identity', g.w(zero, kind))
                s = g.w(np.float32(0.0037))
                return g.n('DequantizeLinear', g.n('QuantizeLinear', 'x', s, z), s, z)
            case(f'qdq_{label}_{zero}_{where}', 21 if '16' in label else 13, build, shape=(1, 1, 5, 7))
    for axis in (1, 3, -1):
        size = 3 if axis == 1 else 7
        case(f'qdq_{label}_axis{axis}', 21, lambda g: (lambda s, z: g.n('DequantizeLinear', g.n('QuantizeLinear', 'x', s, z, axis=axis), s, z, axis=axis))(g.rand(size, low=0.004, high=0.02), g.w(random.integers(0, 9, size), kind)))
    case(f'q_output_dtype_{label}', 21, lambda g: g.n('QuantizeLinear', 'x', g.w(np.float32(0.05)), output_dtype=helper.np_dtype_to_tensor_dtype(np.dtype(kind))), cast=True)
case('q_default', 13, lambda g: g.n('QuantizeLinear', 'x', g.w(np.float32(0.05))), cast=True)
case('q_saturates', 13, lambda g: g.n('QuantizeLinear', g.n('Mul', 'x', g.w(np.float32(99))), g.w(np.float32(0.05)), g.w(3, np.int8)), cast=True)
case('q_other_scale_dq', 13, lambda g: g.n('DequantizeLinear', g.n('QuantizeLinear', 'x', g.w(np.float32(0.05)), g.w(3, np.uint8)), g.w(np.float32(0.1)), g.w(4, np.uint8)))
case('q_two_dq', 13, lambda g: (lambda q: g.n('Add', g.n('DequantizeLinear', q, g.w(np.float32(0.05)), g.w(3, np.uint8)), g.n('DequantizeLinear', q, g.w(np.float32(0.1)), g.w(3, np.uint8))))(g.n('QuantizeLinear', 'x', g.w(np.float32(0.05)), g.w(3, np.uint8))))
for op, pads in (('Pad', None), ('Transpose', None), ('MaxPool', None), ('Concat', None), ('Slice', None)):
    def build(g):
        s, z = g.w(np.float32(0.05)), g.w(10, np.int8)
        q = g.n('QuantizeLinear', 'x', s, z)
        q = {'Pad': lambda: g.n('Pad', q, g.w([0, 0, 1, 1, 0, 0, 1, 1], np.int64), g.w(10, np.int8)), 'Transpose': lambda: g.n('Transpose', q, perm=[0, 2, 3, 1]), 'MaxPool': lambda: g.n('MaxPool', q, kernel_shape=[2, 2]),
             'Concat': lambda: g.n('Concat', q, q, axis=1), 'Slice': lambda: g.n('Slice', q, g.w([1], np.int64), g.w([4], np.int64), g.w([2], np.int64))}[op]()
        return g.n('DequantizeLinear', q, s, z)
    case(f'q_{op.lower()}_dq', 13, build)
for axis, block in ((0, 2), (1, 2), (0, 4)):
    blocks = {(0, 2): (2, 2), (1, 2): (4, 1), (0, 4): (1, 2)}[(axis, block)]
    case(f'dq_block_{axis}_{block}', 21, lambda g: g.n('MatMul', 'x', g.n('DequantizeLinear', g.w(random.integers(-99, 99, (4, 2)), np.int8), g.rand(*blocks, low=0.01, high=0.1), axis=axis, block_size=block)), shape=(1, 3, 3, 4))
case('dq_int32', 13, lambda g: g.n('Add', 'x', g.n('DequantizeLinear', g.w([100, -7000, 5], np.int32), g.w(np.float32(0.001)))), shape=(1, 3, 2, 3))
case('dynamicquantize', 11, lambda g: (lambda r: g.n('DequantizeLinear', r[0], r[1], r[2]))(g.n('DynamicQuantizeLinear', 'x', outputs=3)))
case('dynamicquantize_positive', 11, lambda g: (lambda r: g.n('DequantizeLinear', r[0], r[1], r[2]))(g.n('DynamicQuantizeLinear', g.n('Add', 'x', g.w(np.float32(2))), outputs=3)))
u = lambda g, *s, kind=np.uint8: g.w(random.integers(0, 255, s) if kind == np.uint8 else random.integers(-128, 127, s), kind)
q8 = lambda g: g.n('QuantizeLinear', 'x', g.w(np.float32(0.0078)), g.w(128, np.uint8))
case('matmulinteger', 10, lambda g: g.n('MatMulInteger', q8(g), u(g, 7, 4), g.w(128, np.uint8), g.w(100, np.uint8)), cast=True)
case('matmulinteger_i8_columns', 10, lambda g: g.n('MatMulInteger', q8(g), u(g, 7, 4, kind=np.int8), g.w(128, np.uint8), u(g, 4, kind=np.int8)), cast=True)
case('matmulinteger_dynamic', 11, lambda g: (lambda r: g.n('Mul', g.n('Cast', g.n('MatMulInteger', r[0], u(g, 7, 4), r[2]), to=T.FLOAT), r[1]))(g.n('DynamicQuantizeLinear', 'x', outputs=3)))
case('convinteger', 10, lambda g: g.n('ConvInteger', q8(g), u(g, 2, 3, 3, 3), g.w(128, np.uint8), g.w(99, np.uint8), pads=[1, 1, 1, 1]), cast=True)
case('convinteger_depthwise', 10, lambda g: g.n('ConvInteger', q8(g), u(g, 3, 1, 3, 3), g.w(128, np.uint8), group=3), cast=True)
case('qlinearmatmul', 10, lambda g: g.n('QLinearMatMul', q8(g), g.w(np.float32(0.0078)), g.w(128, np.uint8), u(g, 7, 4), g.w(np.float32(0.01)), g.w(100, np.uint8), g.w(np.float32(0.03)), g.w(120, np.uint8)), cast=True)
for kind in (np.uint8, np.int8):
    case(f'qlinearconv_{kind.__name__}', 10, lambda g: g.n('QLinearConv', q8(g), g.w(np.float32(0.0078)), g.w(128, np.uint8), u(g, 4, 3, 3, 3, kind=kind), g.rand(4, low=0.001, high=0.01), u(g, 4, kind=kind) if kind == np.uint8 else g.w([0] * 4, np.int8), g.w(np.float32(0.05)), g.w(120, np.uint8), g.w([900, -700, 30, 0], np.int32), pads=[1, 1, 0, 0], strides=[2, 1]), cast=True)

# What is joined, and what looks like it.
div = {'div': lambda g, c: g.n('Div', c, g.w(np.float32(2**0.5))), 'swapped': lambda g, c: g.n('Div', g.w(np.float32(2**0.5)), c), 'mul': lambda g, c: g.n('Mul', g.w(np.float32(0.5**0.5)), c), 'rank': lambda g, c: g.n('Div', c, g.w(np.full((1,) * 5, 2**0.5, np.float32)))}
for label, f in div.items():
    for half in ('scalar', 'swapped', 'rank', 'row'):
        def build(g):
            c = g.n('Conv', 'x', g.rand(4, 3, 1, 1))
            p = g.n('Add', g.n('Erf', f(g, c)), g.w(np.float32(1)))
            m = g.n('Mul', c, p)
            h = g.w({'scalar': np.float32(0.5), 'swapped': np.float32(0.5), 'rank': np.full((1,) * 5, 0.5, np.float32), 'row': np.full(7, 0.5, np.float32)}[half])
            return g.n('Mul', h, m) if half == 'swapped' else g.n('Mul', m, h)
        case(f'gelu_{label}_{half}', 13, build)
case('gelu_after_matmul', 13, lambda g: (lambda c: g.n('Mul', g.n('Mul', c, g.n('Add', g.n('Erf', div['div'](g, c)), g.w(np.float32(1)))), g.w(np.float32(0.5))))(g.n('Add', g.n('MatMul', 'x', g.rand(7, 4)), g.rand(4))))
for label in ('right', 'pow_swapped', 'sub_swapped', 'div_swapped', 'gamma_rank', 'beta_rank', 'other_axis', 'eps_row', 'pow3', 'keep_shared'):
    def build(g):
        f = g.n('Reshape', 'x', g.w([0, 15, 7], np.int64))
        m = g.n('ReduceMean', f, axes=[1 if label == 'other_axis' else -1])
        d = g.n('Sub', m, f) if label == 'sub_swapped' else g.n('Sub', f, m)
        two = g.w(np.float32(3 if label == 'pow3' else 2))
        q = g.n('Pow', two, d) if label == 'pow_swapped' else g.n('Pow', d, two)
        v = g.n('Add', g.n('ReduceMean', g.n('Abs', q) if label == 'pow3' else q, axes=[-1]), g.rand(7, low=1e-3, high=1e-2) if label == 'eps_row' else g.w(np.float32(1e-5)))
        s = g.n('Sqrt', v)
        n = g.n('Div', s, g.n('Add', d, g.w(np.float32(9)))) if label == 'div_swapped' else g.n('Div', d, s)
        y = g.n('Add', g.n('Mul', n, g.rand(*((1, 1, 1, 7) if label == 'gamma_rank' else (7,)))), g.rand(*((1, 1, 1, 7) if label == 'beta_rank' else (7,))))
        return g.n('Add', y, m) if label == 'keep_shared' else y
    case(f'layernorm_spelled_{label}', 13, build)
for label, f in {'swish': lambda g, c: g.n('Mul', c, g.n('Sigmoid', c)), 'swish_swapped': lambda g, c: g.n('Mul', g.n('Sigmoid', c), c), 'hardswish': lambda g, c: g.n('Mul', c, g.n('HardSigmoid', c, alpha=1 / 6)), 'hardswish_other': lambda g, c: g.n('Mul', c, g.n('HardSigmoid', c)),
                 'relu6': lambda g, c: g.n('Clip', c, g.w(np.float32(0)), g.w(np.float32(6))), 'clip_as_bound': lambda g, c: g.n('Clip', g.w(np.float32(0.3)), g.n('ReduceMin', c, keepdims=0), g.w(np.float32(6))), 'square': lambda g, c: g.n('Mul', c, c),
                 'relu_and_again': lambda g, c: g.n('Add', g.n('Relu', c), c), 'sigmoid_of_other': lambda g, c: g.n('Mul', c, g.n('Sigmoid', g.n('Neg', c))), 'tanh_twice': lambda g, c: g.n('Tanh', g.n('Tanh', c))}.items():
    for before in ('Conv', 'Add', 'MatMul'):
        case(f'join_{before.lower()}_{label}', 13, lambda g: f(g, g.n('Conv', 'x', g.rand(4, 3, 1, 1)) if before == 'Conv' else g.n('MatMul', 'x', g.rand(7, 4)) if before == 'MatMul' else g.n('Add', g.n('Mul', 'x', g.w(np.float32(3))), g.n('Neg', 'x'))))
for s in ((4,), (1, 4), (1, 1, 4), (1, 1, 1, 1, 4), (1,), (5, 4)):
    case('matmul_bias_' + '_'.join(map(str, s)), 13, lambda g: g.n('Relu', g.n('Add', g.n('MatMul', 'x', g.rand(7, 4)), g.rand(*s))))
    case('matmul_bias_flat_' + '_'.join(map(str, s)), 13, lambda g: g.n('Add', g.n('MatMul', flat(g), g.rand(105, 4)), g.rand(*s)) if s != (5, 4) else g.n('Add', g.n('MatMul', g.n('Reshape', 'x', g.w([5, -1], np.int64)), g.rand(21, 4)), g.rand(*s)))
case('batchnorm_as_scale', 13, lambda g: g.n('Conv', 'x', g.rand(2, 3, 3, 3)))

# Batches inside a graph.
case('batch_reshaped_conv', 13, lambda g: g.n('Conv', g.n('Reshape', 'x', g.w([-1, 3, 2, 2], np.int64)), g.rand(5, 3, 1, 1)), shape=(1, 3, 4, 4))
case('batch_flips', 13, lambda g: (lambda c: g.n('ReduceMean', c, axes=[0], keepdims=1))(g.n('GlobalAveragePool', g.n('Relu', g.n('Conv', g.n('Concat', 'x', g.n('Slice', 'x', g.w([-1], np.int64), g.w([-99], np.int64), g.w([3], np.int64), g.w([-1], np.int64)), axis=0), g.rand(4, 3, 3, 3), g.rand(4))))))
crop = lambda g, y, x: g.n('Slice', 'x', g.w([y, x], np.int64), g.w([y + 4, x + 5], np.int64), g.w([2, 3], np.int64))
case('batch_five_crops', 13, lambda g: g.n('MaxPool', g.n('Conv', g.n('Concat', *[crop(g, y, x) for y, x in ((0, 0), (0, 2), (1, 0), (1, 2), (1, 1))], axis=0), g.rand(2, 3, 3, 3), pads=[1] * 4), kernel_shape=[2, 2], strides=[2, 2]))
case('batch_patches', 13, lambda g: g.n('Gemm', g.n('Flatten', g.n('AveragePool', g.n('Conv', g.n('Reshape', g.n('Transpose', g.n('Reshape', 'x', g.w([0, 3, 2, 4, 2, 4], np.int64)), perm=[0, 2, 4, 1, 3, 5]), g.w([-1, 3, 4, 4], np.int64)), g.rand(8, 3, 3, 3), pads=[1] * 4), kernel_shape=[4, 4])), g.rand(8, 5), g.rand(5)), shape=(1, 3, 8, 8))
for op in ('depthwise', 'grouped', 'winograd', 'batchnorm', 'softmax', 'resize', 'globalmax', 'convtranspose', 'instance', 'pad', 'add'):
    def build(g):
        b = g.n('Concat', 'x', g.n('Neg', 'x'), g.n('Mul', 'x', g.w(np.float32(0.5))), axis=0)
        b = g.n('Conv', b, g.rand(16, 3, 1, 1))
        b = {'depthwise': lambda: g.n('Conv', b, g.rand(16, 1, 3, 3), pads=[1] * 4, group=16), 'grouped': lambda: g.n('Conv', b, g.rand(4, 8, 3, 3), group=2), 'winograd': lambda: g.n('Conv', b, g.rand(16, 16, 3, 3, low=-0.2, high=0.2), pads=[1] * 4),
             'batchnorm': lambda: g.n('BatchNormalization', g.n('Relu', b), g.rand(16), g.rand(16), g.rand(16), g.rand(16, low=0.5)), 'softmax': lambda: g.n('Softmax', b, axis=1), 'resize': lambda: g.n('Resize', b, '', g.w(np.float32([1, 1, 2, 0.5])), mode='linear'),
             'globalmax': lambda: g.n('GlobalMaxPool', b), 'convtranspose': lambda: g.n('ConvTranspose', b, g.rand(16, 2, 2, 2), strides=[2, 2]), 'instance': lambda: g.n('InstanceNormalization', b, g.rand(16), g.rand(16)), 'pad': lambda: g.n('Pad', b, g.w([0, 0, 1, 0, 0, 0, 0, 1], np.int64)), 'add': lambda: g.n('Add', b, g.rand(3, 1, 1, 1))}[op]()
        return g.n('ReduceMean', b, axes=[1], keepdims=1)
    case(f'batch_{op}', 13, build, shape=(1, 3, 9, 9))
case('batch_dynamic', 18, lambda g: (lambda c: g.n('Reshape', c, g.n('Concat', g.n('Shape', c, start=0, end=1), g.w([-1], np.int64), axis=0)))(g.n('Conv', 'x', g.rand(4, 3, 3, 3))))
case('batch_class_token', 13, lambda g: (lambda t: g.n('Concat', g.n('Expand', g.rand(1, 1, 6), g.n('Concat', g.n('Slice', g.n('Shape', 'x'), g.w([0], np.int64), g.w([1], np.int64)), g.w([-1 + 2, 6], np.int64), axis=0)), t, axis=1))(g.n('Transpose', g.n('Reshape', g.n('Conv', 'x', g.rand(6, 3, 2, 2), strides=[2, 2]), g.w([0, 6, -1], np.int64)), perm=[0, 2, 1])))
case('normalized', 13, lambda g: (lambda f: g.n('Div', f, g.n('Expand', g.n('Clip', g.n('ReduceL2', f, axes=[1], keepdims=1), g.w(np.float32(1e-12))), g.n('Shape', f))))(flat(g)))
heads = lambda g: [g.n('Conv', 'x', g.rand(4, 3, 1, 1)) for _ in range(3)]
for label, shape_, more in (('plain', None, {}), ('scale', None, {'scale': 0.7}), ('causal', None, {'is_causal': 1}), ('mask', (5, 5), {}), ('mask4', (1, 4, 5, 5), {}), ('boolean', (1, 1, 5, 5), {})):
    case(f'attention_{label}', 23, lambda g: g.n('Attention', *heads(g), *([] if shape_ is None else [g.w(np.tril(np.ones(shape_)), np.bool_) if label == 'boolean' else g.rand(*shape_)]), **more))
for q, kv in ((4, 4), (6, 2)):
    case(f'attention_flat_{q}_{kv}', 23, lambda g: (lambda t: g.n('Attention', g.n('MatMul', t, g.rand(3, q * 2)), g.n('MatMul', t, g.rand(3, kv * 2)), g.n('MatMul', t, g.rand(3, kv * 2)), q_num_heads=q, kv_num_heads=kv))(g.n('Transpose', g.n('Reshape', 'x', g.w([0, 3, -1], np.int64)), perm=[0, 2, 1])))
case('attention_masked', 14, lambda g: (lambda t: g.n('MatMul', g.n('Softmax', g.n('Where', g.n('Cast', g.n('Trilu', g.w(np.ones((5, 5)), np.int64), upper=0), to=T.BOOL), g.n('MatMul', t, g.n('Transpose', t, perm=[0, 1, 3, 2])), g.w(np.float32(-1e9))), axis=-1), t))('x'))

# Small graphs at random, of what feature maps commonly pass.
for number in range(int(sys.argv[3]) if len(sys.argv) > 3 else 120):
    def build(g):
        maps, channels = ['x'], {'x': 3}
        for _ in range(random.integers(3, 9)):
            a = maps[random.integers(len(maps))]
            c = channels[a]
            kind = random.integers(12)
            out = c
            if kind == 0:
                out = int(random.integers(1, 9))
                y = g.n('Conv', a, g.rand(out, c, 3, 3, low=-0.5, high=0.5), g.rand(out), pads=[1] * 4)
            elif kind == 1:
                out = int(random.integers(1, 20))
                y = g.n('Conv', a, g.rand(out, c, 1, 1))
            elif kind == 2:
                y = g.n('Conv', a, g.rand(c, 1, 3, 3), pads=[1] * 4, group=c)
            elif kind == 3:
                y = g.n(str(random.choice(['Relu', 'Sigmoid', 'Tanh', 'Neg', 'Softplus', 'HardSigmoid'])), a)
            elif kind == 4:
                y = g.n('BatchNormalization', a, g.rand(c), g.rand(c), g.rand(c), g.rand(c, low=0.5, high=2))
            elif kind == 5:
                b = maps[random.integers(len(maps))]
                y = g.n(str(random.choice(['Add', 'Mul', 'Sub', 'Max'])), a, b if channels[b] == c else g.rand(c, 1, 1))
            elif kind == 6:
                b = maps[random.integers(len(maps))]
                y, out = g.n('Concat', a, b, axis=1), c + channels[b]
            elif kind == 7:
                y = g.n('Mul', a, g.n('Sigmoid', g.n('GlobalAveragePool', a)))
            elif kind == 8:
                y = g.n('Softmax', a, axis=int(random.integers(1, 4)))
            elif kind == 9:
                y = g.n('MaxPool', a, kernel_shape=[3, 3], pads=[1] * 4)
            elif kind == 10:
                y = g.n('Transpose', g.n('LayerNormalization', g.n('Transpose', a, perm=[0, 2, 3, 1]), g.rand(c), g.rand(c), epsilon=1e-2), perm=[0, 3, 1, 2])
            else:
                y = g.n('Mul', a, g.n('Sigmoid', a))
            maps.append(y)
            channels[y] = out
        return g.n('ReduceMean', maps[-1], axes=[2], keepdims=0) if number % 3 == 0 else maps[-1]
    case(f'graph_{number:03}', 17, build, shape=(1, 3, 4, 5))

with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    for name in sorted(cases):
        for suffix, data in zip(('.onnx', '.out'), cases[name]):
            z.writestr(zipfile.ZipInfo(name + suffix, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
print(len(cases), 'models; onnx', onnx.__version__, 'onnxruntime', onnxruntime.__version__)
print('not run by it:', *skipped, sep='\n')
