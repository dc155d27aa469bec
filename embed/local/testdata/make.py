"""Exports small networks of the families that embed/local promises, with random
weights and BatchNorm statistics, and writes what ONNX Runtime makes of one
input. Needs PyTorch 1.13 and torchvision 0.14 (Debian: python3-torchvision), and
onnxruntime-node 1.30 from npm, whose folder is the argument.
Run in this folder: python3 make.py NODE_MODULES"""
import json, os, subprocess, sys
import torch
from torch import nn
from torchvision import models
from torchvision.models import convnext, densenet, efficientnet, mobilenetv2, mobilenetv3, regnet, resnet, swin_transformer, vision_transformer

torch.manual_seed(1)


def tiny_resnet():
    m = resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], num_classes=7)
    m.inplanes, m.conv1, m.bn1 = 8, nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
    for i, planes in enumerate((4, 6, 8, 10)):
        setattr(m, f'layer{i + 1}', m._make_layer(resnet.Bottleneck, planes, 1, stride=1 if i == 0 else 2))
    m.fc = nn.Linear(40, 7)
    return m


def mobilenet(kernel):
    c = lambda *a: mobilenetv3.InvertedResidualConfig(*a, 1, 1)
    return mobilenetv3.MobileNetV3([c(16, 3, 16, 16, True, 'RE', 2), c(16, kernel, 24, 24, True, 'HS', 2), c(24, 3, 24, 24, False, 'HS', 1)], 24, num_classes=7)


def effnet():
    c = lambda *a: efficientnet.MBConvConfig(*a, 1.0, 1.0)
    return efficientnet.EfficientNet(
        [c(1, 3, 1, 16, 8, 1), c(4, 5, 2, 8, 12, 1), c(4, 3, 1, 12, 12, 2)], 0.1, num_classes=7)


def mobilenet1():
    def block(a, b, stride):
        return [nn.Conv2d(a, a, 3, stride, 1, groups=a, bias=False), nn.BatchNorm2d(a), nn.ReLU6(),
                nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU6()]
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(), *block(8, 16, 1), *block(16, 24, 2),
                         *block(24, 24, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 7))


class Interpolated(nn.Module):
    """A vision transformer for films larger than those its positions were learned on, as RAD-DINO's."""

    def __init__(self):
        super().__init__()
        self.vit = vision_transformer.VisionTransformer(32, 8, 1, 2, 16, 32, num_classes=7)

    def forward(self, x):
        v = self.vit
        x = v.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat([v.class_token.expand(x.shape[0], -1, -1), x], 1)
        p = v.encoder.pos_embedding
        grid = p[:, 1:].reshape(1, 4, 4, 16).permute(0, 3, 1, 2)
        grid = nn.functional.interpolate(grid, size=(6, 6), mode='bicubic', align_corners=False)
        x = x + torch.cat([p[:, :1], grid.permute(0, 2, 3, 1).reshape(1, 36, 16)], 1)
        return v.heads(v.encoder.ln(v.encoder.layers(x))[:, 0])


class Pyramid(nn.Module):
    """Upsampling at run time, as in feature pyramids; 3x3 convolutions wide enough for Winograd's algorithm."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 18, 3, 1, 1), nn.Conv2d(18, 16, 3, 1, 1)
        self.d, self.fc = nn.Conv2d(16, 16, 3, 1, 1, groups=4), nn.Linear(16, 7)

    def forward(self, x):
        x = torch.relu(self.a(x))
        y = nn.functional.gelu(self.b(nn.functional.max_pool2d(x, 3, 2, 1, ceil_mode=True)))
        y = nn.functional.interpolate(y, scale_factor=2, mode='bilinear', align_corners=False)
        z = nn.functional.interpolate(self.c(y)[:, :, ::2, ::2], scale_factor=2, mode='nearest')
        return self.fc(nn.functional.hardsigmoid(self.d(torch.tanh(x * torch.sigmoid(x) + z[:, :, :16, :16]))).mean((2, 3)))


networks = {
    'resnet': (tiny_resnet(), 64, 13),
    'mobilenet2': (mobilenetv2.MobileNetV2(7, 1.0, [[1, 8, 1, 1], [4, 8, 2, 2]], 8), 32, 11),
    'mobilenet3': (mobilenet(5), 32, 14),
    'mobilenet3_opset13': (mobilenet(3), 32, 13),
    'densenet': (densenet.DenseNet(4, (2, 2, 2), 8, 2, num_classes=7), 64, 12),
    'efficientnet': (effnet(), 40, 13),
    'convnext': (convnext.ConvNeXt([convnext.CNBlockConfig(8, 12, 1), convnext.CNBlockConfig(12, None, 1)], num_classes=7), 32, 13),
    'vit': (vision_transformer.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=7), 32, 13),
    'swin': (swin_transformer.SwinTransformer([4, 4], 8, [2, 2], [2, 4], [3, 3], num_classes=7), 36, 14),
    'mobilenet1': (mobilenet1(), 32, 12),
    'vit_interpolated': (Interpolated(), 48, 13),
    'pyramid': (Pyramid(), 32, 13),
    'regnet': (regnet.RegNet(regnet.BlockParams([1, 1], [8, 16], [4, 4], [1.0, 1.0], [2, 2], 0.25), num_classes=7), 32, 13),
}

for m, _, _ in networks.values():
    m.eval()
    for layer in m.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
            layer.weight.data.uniform_(0.5, 1.5)
            layer.bias.data.normal_(0, 0.1)
    for name, p in m.named_parameters():
        if 'layer_scale' in name or 'pos_embedding' in name or 'class_token' in name:
            p.data.normal_(0, 0.5)
    head = [l for l in m.modules() if isinstance(l, nn.Linear)][-1]
    head.weight.data.normal_(0, 1)


def keras():
    """A small network as tf2onnx writes Keras models: films with their channels last, explicit padding, ReLU6 by Min and Max, means by
    ReduceMean, dense layers by MatMul and Add."""
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    random = numpy.random.default_rng(1)
    weights, nodes, count = [], [], [0]

    def weight(*shape, low=-0.5, high=0.5):
        return value(random.uniform(low, high, shape).astype('float32'))

    def value(array):
        weights.append(numpy_helper.from_array(numpy.asarray(array), f'w{len(weights)}'))
        return weights[-1].name

    def node(op, *inputs, **attributes):
        count[0] += 1
        nodes.append(helper.make_node(op, list(inputs), [f'v{count[0]}'], f'{op}_{count[0]}', **attributes))
        return f'v{count[0]}'

    def norm(x, n):
        return node('BatchNormalization', x, weight(n, low=0.5, high=1.5), weight(n), weight(n), weight(n, low=0.5, high=2), epsilon=1e-3)

    x = node('Sub', node('Mul', 'film', value(numpy.float32([1.5, 1, 0.5]))), value(numpy.float32([0.1, 0, -0.1])))
    x = node('Transpose', x, perm=[0, 3, 1, 2])
    x = node('Pad', x, value(numpy.int64([0, 0, 0, 0, 0, 0, 1, 1])), mode='constant')
    x = node('Conv', x, weight(8, 3, 3, 3), strides=[2, 2], kernel_shape=[3, 3])
    x = norm(x, 8)
    x = node('Min', node('Max', x, value(numpy.float32(0))), value(numpy.float32(6)))
    y = norm(node('Conv', x, weight(8, 1, 3, 3), group=8, auto_pad='SAME_UPPER', kernel_shape=[3, 3]), 8)
    y = node('Mul', y, node('Sigmoid', y))
    s = node('ReduceMean', y, axes=[2, 3], keepdims=1)
    s = node('Sigmoid', node('Conv', node('Relu', node('Conv', s, weight(2, 8, 1, 1), weight(2))), weight(8, 2, 1, 1), weight(8)))
    y = node('Add', node('Conv', node('Mul', s, y), weight(8, 8, 1, 1)), x)
    y = node('AveragePool', y, kernel_shape=[3, 3], strides=[2, 2], auto_pad='SAME_LOWER')
    y = node('Transpose', y, perm=[0, 2, 3, 1])
    y = node('ReduceMean', y, axes=[1, 2], keepdims=0)
    y = node('LeakyRelu', node('Add', node('MatMul', y, weight(8, 7)), weight(7)), alpha=0.1)
    nodes[-1].output[0] = 'output'
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, 'keras', [info('film', ['n', 33, 33, 3])], [info('output', ['n', 7])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 15)], ir_version=8), 'keras.onnx')


runner = '''
const ort = require(process.argv[1] + '/onnxruntime-node');
const list = JSON.parse(process.argv[2]);
(async () => {
  const out = {};
  for (const [name, side] of list) {
    const s = await ort.InferenceSession.create(name + '.onnx');
    const x = new Float32Array(3 * side * side);
    for (let k = 0; k < x.length; k++) x[k] = ((Math.imul(k, 2654435761) >>> 22) - 512) / 512;
    let shape = [1, 3, side, side], film = x;
    if (name == 'keras') { // the same film with its channels last
      shape = [1, side, side, 3];
      film = x.map((_, i) => x[i % 3 * side * side + Math.floor(i / 3)]);
    }
    const r = await s.run({film: new ort.Tensor('float32', film, shape)});
    out[name] = {side: side, dims: r.output.dims, values: Array.from(r.output.data)};
  }
  console.log(JSON.stringify(out));
})();
'''
for name, (m, side, opset) in networks.items():
    try:
        torch.onnx.export(m, torch.zeros(1, 3, side, side), name + '.onnx', opset_version=opset, input_names=['film'], output_names=['output'],
                          dynamic_axes={'film': {0: 'n'}, 'output': {0: 'n'}})
    except Exception as e:
        print(name, 'not exported:', str(e)[:300])
keras()
done = [[n, s] for n, (_, s, _) in networks.items() if os.path.exists(n + '.onnx')] + [['keras', 33]]
out = subprocess.run(['node', '-e', runner, '--', sys.argv[1], json.dumps(done)], check=True, capture_output=True, text=True).stdout
json.dump(json.loads(out), open('vectors.json', 'w'))
