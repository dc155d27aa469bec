"""Writes ONNX's own tests of single operators as models of one film, for TestBackend. The first input of floats is the
film, reshaped; the other inputs are constants. Nothing of it is committed. Needs onnx of PyPI.

    python backend.py ../../../docs/OPERATORS.md backend.zip
    go test ./internal/network -run Backend -v -args -backend backend.zip"""
import struct, sys, zipfile

import numpy as np, onnx
from onnx import TensorProto as T, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

ops = {line.split('|')[1].strip() for line in open(sys.argv[1]) if line.startswith('| ')} - {'operator'}
z = zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED)
count = 0
for case in collect_testcases(None):
    m = case.model
    if len(m.graph.node) != 1 or m.graph.node[0].op_type not in ops or m.graph.node[0].domain or not case.data_sets:
        continue
    if any(not v.type.HasField('tensor_type') for v in list(m.graph.input) + list(m.graph.output)):
        continue
    inputs, outputs = case.data_sets[0]
    inputs = [numpy_helper.to_array(a) if isinstance(a, onnx.TensorProto) else np.asarray(a) for a in inputs]
    outputs = [numpy_helper.to_array(a) if isinstance(a, onnx.TensorProto) else np.asarray(a) for a in outputs]
    y = outputs[0]
    if y.dtype.kind not in 'fiub' or any(a.dtype.kind not in 'fiub' for a in inputs):
        continue
    node = onnx.NodeProto()
    node.CopyFrom(m.graph.node[0])
    for names in (node.input, node.output):  # so that none is called as the film or the output
        for i, name in enumerate(names):
            names[i] = name and '_' + name
    opset = max(o.version for o in m.opset_import if o.domain in ('', 'ai.onnx'))
    for variant in ('run', 'known'):
        names = ['_' + v.name for v in m.graph.input]
        nodes, weights = [], []
        data = np.zeros(1, np.float32)
        film = None
        for name, a in zip(names, inputs):
            if film is None and variant == 'run' and a.dtype == np.float32 and a.size:
                film, data = name, a.flatten()
                weights.append(numpy_helper.from_array(np.asarray(a.shape, np.int64), 'shape of the film'))
                nodes.append(helper.make_node('Reshape', ['x', 'shape of the film'], [name]))
            else:
                weights.append(numpy_helper.from_array(a, name))
        if variant == 'run' and film is None:
            continue
        nodes.append(node)
        out = node.output[0]
        if y.dtype != np.float32:
            nodes.append(helper.make_node('Cast', [out], ['as_float'], to=T.FLOAT))
            out = 'as_float'
        if film is None:  # the film, a zero, is added
            nodes.append(helper.make_node('Reshape', ['x', 'one'], ['zero']))
            weights.append(numpy_helper.from_array(np.asarray([1], np.int64), 'one'))
            nodes.append(helper.make_node('Add', [out, 'zero'], ['y']))
        else:
            nodes.append(helper.make_node('Identity', [out], ['y']))
        x = helper.make_tensor_value_info('x', T.FLOAT, [1, 1, 1, data.size])
        model = helper.make_model(helper.make_graph(nodes, 'g', [x], [helper.make_tensor_value_info('y', T.FLOAT, None)], weights), opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
        shape = y.shape if film is not None or y.shape else (1,)
        name = f'{case.name}_{variant}'
        z.writestr(name + '.onnx', model.SerializeToString())
        z.writestr(name + '.out', struct.pack(f'<{2 + len(shape)}i', 1, len(shape), *shape) + y.astype('<f4').tobytes())
        z.writestr(name + '.in', data.astype('<f4').tobytes())
        count += 1
print(count, 'models')
