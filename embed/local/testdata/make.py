"""Exports small networks of the families that embed/local promises, with random
weights and BatchNorm statistics, and writes what ONNX Runtime makes of one
input. Needs PyTorch 1.13 and torchvision 0.14 (Debian: python3-torchvision), and
onnxruntime-node 1.30 from npm, whose folder is the argument.
Run in this folder: python3 make.py NODE_MODULES"""
import json, os, subprocess, sys
import torch
from torch import nn
from torchvision import models
from torchvision.models import convnext, densenet, efficientnet, mobilenetv2, mobilenetv3, regnet, resnet, vision_transformer

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


networks = {
    'resnet': (tiny_resnet(), 64, 13),
    'mobilenet2': (mobilenetv2.MobileNetV2(7, 1.0, [[1, 8, 1, 1], [4, 8, 2, 2]], 8), 32, 11),
    'mobilenet3': (mobilenet(5), 32, 14),
    'mobilenet3_opset13': (mobilenet(3), 32, 13),
    'densenet': (densenet.DenseNet(4, (2, 2, 2), 8, 2, num_classes=7), 64, 12),
    'efficientnet': (effnet(), 40, 13),
    'convnext': (convnext.ConvNeXt([convnext.CNBlockConfig(8, 12, 1), convnext.CNBlockConfig(12, None, 1)], num_classes=7), 32, 13),
    'vit': (vision_transformer.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=7), 32, 13),
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

runner = '''
const ort = require(process.argv[1] + '/onnxruntime-node');
const list = JSON.parse(process.argv[2]);
(async () => {
  const out = {};
  for (const [name, side] of list) {
    const s = await ort.InferenceSession.create(name + '.onnx');
    const x = new Float32Array(3 * side * side);
    for (let k = 0; k < x.length; k++) x[k] = ((Math.imul(k, 2654435761) >>> 22) - 512) / 512;
    const r = await s.run({film: new ort.Tensor('float32', x, [1, 3, side, side])});
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
done = [[n, s] for n, (_, s, _) in networks.items() if os.path.exists(n + '.onnx')]
out = subprocess.run(['node', '-e', runner, '--', sys.argv[1], json.dumps(done)], check=True, capture_output=True, text=True).stdout
json.dump(json.loads(out), open('vectors.json', 'w'))
