"""Exports torchvision and timm networks (random weights and BatchNorm statistics) by both of PyTorch's exporters, with an open
batch, and writes what ONNX Runtime without optimizations makes of batches of 1 and 3. Nothing of it is committed.

    python exports.py exports [NAME...]
    go test ./internal/network -run Exports -v -args -exports exports

Needs torch, torchvision, timm, onnxscript and onnxruntime of PyPI."""
import json, os, sys, time, warnings

import numpy, onnxruntime, timm, torch, torchvision
from torch import nn

warnings.filterwarnings('ignore')
torch.set_num_threads(1)

torchvision_names = '''alexnet vgg11_bn resnet18 resnet50 resnext50_32x4d densenet121 googlenet inception_v3 squeezenet1_1 shufflenet_v2_x1_0
mobilenet_v2 mobilenet_v3_small mobilenet_v3_large mnasnet1_0 regnet_y_400mf efficientnet_b0 efficientnet_v2_s convnext_tiny vit_b_32 swin_t
swin_v2_t maxvit_t'''.split()
timm_names = '''vit_tiny_patch16_224 vit_small_patch14_reg4_dinov2 deit3_small_patch16_224 eva02_tiny_patch14_224 beit_base_patch16_224
xcit_nano_12_p16_224 mixer_s32_224 convnextv2_atto edgenext_xx_small mobilevit_xxs coatnet_nano_rw_224 levit_128s poolformer_s12 ghostnetv2_100
repvit_m1 tiny_vit_5m_224 mobilenetv4_conv_small rexnet_100 tf_efficientnet_b0 res2net50_26w_4s hrnet_w18_small fastvit_t8 nf_resnet50
resnet50d cait_xxs24_224 hgnet_tiny vit_base_patch16_siglip_224'''.split()
sides = {'inception_v3': 299, 'mobilevit_xxs': 256, 'edgenext_xx_small': 256, 'fastvit_t8': 256, 'vit_small_patch14_reg4_dinov2': 224}


def make(library, name):
    torch.manual_seed(1)
    if library == 'torchvision':
        m = torchvision.models.get_model(name, weights=None, **({'init_weights': True} if name in ('googlenet', 'inception_v3') else {}))
    else:
        m = timm.create_model(name, pretrained=False, **({'img_size': 224} if 'dinov2' in name else {}))
    m.eval()
    for layer in m.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
            layer.weight.data.uniform_(0.5, 1.5)
            layer.bias.data.normal_(0, 0.1)
    for key, p in m.named_parameters():
        if any(k in key for k in ('layer_scale', 'gamma', 'ls1', 'ls2', 'pos_embed', 'class_token', 'cls_token')):
            p.data.normal_(0, 0.3)
    heads = [l for l in m.modules() if isinstance(l, nn.Linear)]
    if heads:  # some start from zeros
        heads[-1].weight.data.normal_(0, 0.1)
    return m


def film(batch, side):
    k = numpy.arange(batch * 3 * side * side, dtype=numpy.uint64) * 2654435761 % 2**32
    return (((k >> 22).astype(numpy.float32) - 512) / 512).reshape(batch, 3, side, side)


def main(folder, names):
    os.makedirs(folder, exist_ok=True)
    for library, name in [('torchvision', n) for n in torchvision_names] + [('timm', n) for n in timm_names]:
        if names and name not in names:
            continue
        side = sides.get(name, 224)
        for exporter in ('dynamo', 'torchscript'):
            stem = os.path.join(folder, f'{name}.{exporter}')
            if os.path.exists(stem + '.json'):
                continue
            start = time.time()
            try:
                m = make(library, name)
                x = torch.from_numpy(film(2, side))
                if exporter == 'dynamo':
                    torch.onnx.export(m, (x,), stem + '.onnx', dynamo=True, external_data=False, verbose=False, input_names=['film'], output_names=['output'],
                                      dynamic_shapes=({0: torch.export.Dim('n', min=1, max=64)},))
                else:
                    torch.onnx.export(m, (x,), stem + '.onnx', dynamo=False, opset_version=17, input_names=['film'], output_names=['output'],
                                      dynamic_axes={'film': {0: 'n'}, 'output': {0: 'n'}})
                o = onnxruntime.SessionOptions()
                o.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
                o.intra_op_num_threads = 1
                s = onnxruntime.InferenceSession(stem + '.onnx', o, providers=['CPUExecutionProvider'])
                out = {'Side': side}
                for batch in (1, 3):
                    y = s.run(['output'], {s.get_inputs()[0].name: film(batch, side)})[0]
                    out[f'Batch{batch}'] = {'Dims': list(y.shape), 'Data': [float(v) for v in y.flatten()]}
                json.dump(out, open(stem + '.json', 'w'))
                print(name, exporter, 'done', round(time.time() - start), 's', flush=True)
            except Exception as e:
                print(name, exporter, 'FAILED', type(e).__name__, str(e)[:300].replace('\n', ' '), flush=True)
    print('versions', torch.__version__, torchvision.__version__, timm.__version__, onnxruntime.__version__)


main(sys.argv[1], sys.argv[2:])
