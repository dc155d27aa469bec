"""Exports the full-size networks that embed/local is measured with, with random
weights and BatchNorm statistics, into the folder of the first argument; further
arguments name them. Needs PyTorch 1.13 and torchvision 0.14 (Debian:
python3-torchvision) or later, and onnx."""
import inspect, os, sys
import onnx
import torch
from torch import nn
from torchvision import models
from torchvision.models import efficientnet


def efficientnet_l2():
    """The encoder of CXR Foundation by its published size: width 4.3, depth 5.3, 800 pixels, 480 million parameters."""
    conf = efficientnet._efficientnet_conf('efficientnet_b0', width_mult=4.3, depth_mult=5.3)
    return efficientnet.EfficientNet(conf[0], 0.5, last_channel=conf[1])


def plain():
    """Of what stock Gorgonia has operations for."""
    conv = lambda a, b: [nn.Conv2d(a, b, 3, 1, 1), nn.ReLU()]
    return nn.Sequential(*conv(3, 32), nn.MaxPool2d(2), *conv(32, 64), nn.MaxPool2d(2), *conv(64, 64), *conv(64, 64),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


networks = {
    'efficientnet_b0': (models.efficientnet_b0, 224),
    'efficientnet_b4': (models.efficientnet_b4, 380),
    'mobilenet_v3_small': (models.mobilenet_v3_small, 224),
    'resnet50': (models.resnet50, 224),
    'densenet121': (models.densenet121, 224),
    'convnext_tiny': (models.convnext_tiny, 224),
    'vit_b_16': (models.vit_b_16, 224),
    'swin_t': (models.swin_t, 224),
    'plain': (plain, 112),
    'efficientnet_l2': (efficientnet_l2, 800),
}
folder, wanted = sys.argv[1], sys.argv[2:]
for name in wanted:
    make, side = networks[name]
    path = os.path.join(folder, name + '.onnx')
    if os.path.exists(path):
        continue
    torch.manual_seed(1)
    m = make().eval()
    for layer in m.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.8, 1.25)
            layer.weight.data.uniform_(0.8, 1.2)
            layer.bias.data.normal_(0, 0.1)
    for key, p in m.named_parameters():
        if 'layer_scale' in key or 'pos_embedding' in key or 'class_token' in key:
            p.data.normal_(0, 0.5)
    head = [l for l in m.modules() if isinstance(l, nn.Linear)][-1]
    head.weight.data.normal_(0, 1)
    # Without gradients PyTorch would take its fused attention, which it cannot export; with them it keeps all activations.
    m.requires_grad_('vit' in name)
    # Of PyTorch's two exporters the older, which both old and new versions have.
    older = {'dynamo': False} if 'dynamo' in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(m, torch.zeros(1, 3, side, side), path + '.part', opset_version=14, input_names=['film'], output_names=['output'],
                      dynamic_axes={'film': {0: 'n'}, 'output': {0: 'n'}}, **older)
    # GoMLX takes no attribute of pooling that it does not know, be it the default.
    model = onnx.load(path + '.part')
    for node in model.graph.node:
        for a in list(node.attribute) if node.op_type == 'MaxPool' else []:
            if a.name == 'dilations' and set(a.ints) == {1} or a.name == 'ceil_mode' and a.i == 0:
                node.attribute.remove(a)
    onnx.save(model, path + '.part')
    os.rename(path + '.part', path)
