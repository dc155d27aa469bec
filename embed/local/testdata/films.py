"""Writes films.json: what image processors of transformers 5, transforms of timm
1.0, open_clip 3.3 and torchvision 0.29, torchxrayvision 1.5, health_multimodal
0.2 (BioViL-T), MedSigLIP's padding and TensorFlow 1's resizing make of films.
Needs them and Pillow 12. Run in this folder."""
import json, os, tempfile
import numpy as np, torch, PIL
from PIL import Image

assert int(PIL.__version__.split('.')[0]) < 13
SIZES = [(37, 29), (23, 38), (9, 20), (8, 8)]  # width, height


def picture(width, height, white):
    y, x = np.mgrid[:height, :width]
    a = (x * 7919 + y * 104729 + x * y * 31) % (white + 1)
    return a.astype(np.uint8 if white == 255 else np.uint16)


def eight(a):
    return (a >> 8).astype(np.uint8) if a.dtype == np.uint16 else a


def rgb(a):
    return Image.fromarray(eight(a)).convert('RGB')


def transformers(**config):
    from transformers import AutoImageProcessor
    with tempfile.TemporaryDirectory() as d:
        json.dump(config, open(os.path.join(d, 'preprocessor_config.json'), 'w'))
        p = AutoImageProcessor.from_pretrained(d, backend='pil' if config['image_processor_type'].endswith('Pil') else 'torchvision')
    return dict(file='preprocessor_config.json', config=config), lambda a: p(rgb(a), return_tensors='pt')['pixel_values'][0].numpy()


def timm(**cfg):
    from timm.data import create_transform, resolve_data_config
    c = resolve_data_config(pretrained_cfg=cfg)
    t = create_transform(**c)
    return dict(file='config.json', config=dict(architecture='resnet18', num_classes=2, num_features=512, pretrained_cfg=cfg)), lambda a: t(rgb(a)).numpy()


def open_clip(**cfg):
    from open_clip.transform import PreprocessCfg, image_transform_v2
    t = image_transform_v2(PreprocessCfg(**cfg), is_train=False)
    return dict(file='open_clip_config.json', config=dict(model_cfg=dict(embed_dim=4, vision_cfg=dict(image_size=cfg['size'])), preprocess_cfg=cfg)), lambda a: t(rgb(a)).numpy()


def ours(f, **description):
    return dict(description=description), f


def xrv(engine):
    import torchxrayvision as t
    def f(a):
        v = t.utils.normalize(a, 255 if a.dtype == np.uint8 else 65535)[None]
        return t.datasets.XRayResizer(8, engine)(t.datasets.XRayCenterCrop()(v))
    return f


def biovil(a):
    from health_multimodal.image.data.io import remap_to_uint8
    from health_multimodal.image.data.transforms import create_chest_xray_transform_for_inference
    return create_chest_xray_transform_for_inference(10, 8)(Image.fromarray(remap_to_uint8(a)).convert('L')).numpy()


def medsiglip(a):
    h, w = a.shape
    side = max(h, w)
    a = np.pad(eight(a), (((side - h) // 2, (side - h + 1) // 2), ((side - w) // 2, (side - w + 1) // 2)))
    return (np.array(Image.fromarray(a).resize((8, 8), Image.Resampling.BILINEAR)).astype(np.float32)[None] / 255 - 0.5) / 0.5


def tensors(mode, antialias):
    """Floats first, then torchvision's Resize."""
    from torchvision.transforms import v2
    t = v2.Compose([v2.Resize(10, v2.InterpolationMode(mode), antialias=antialias), v2.CenterCrop(8)])
    return lambda a: t(torch.from_numpy(a.astype(np.float32) / (255 if a.dtype == np.uint8 else 65535))[None]).numpy()


def tensorflow1(a):
    """resize_bilinear_op.cc with the legacy scaler, in float64."""
    h, w = a.shape
    a = a.astype(np.float64) / (255 if a.dtype == np.uint8 else 65535)
    def axis(n):
        x = np.arange(8) * n / 8
        low = np.floor(x).astype(int)
        return low, np.minimum(low + 1, n - 1), x - low
    y0, y1, fy = axis(h)
    x0, x1, fx = axis(w)
    top = a[y0][:, x0] * (1 - fx) + a[y0][:, x1] * fx
    bottom = a[y1][:, x0] * (1 - fx) + a[y1][:, x1] * fx
    return (top * (1 - fy[:, None]) + bottom * fy[:, None])[None]


MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
usual = dict(do_resize=True, do_rescale=True, rescale_factor=1 / 255, do_normalize=True, image_mean=MEAN, image_std=STD)
CASES = {
    'DINOv2, RAD-DINO': transformers(image_processor_type='BitImageProcessor', crop_size=dict(height=8, width=8), do_center_crop=True, do_convert_rgb=True, resample=3, size=dict(shortest_edge=8), **usual),
    'Bit of a larger size': transformers(image_processor_type='BitImageProcessorFast', crop_size=dict(height=8, width=8), do_center_crop=True, resample=3, size=dict(shortest_edge=11), **usual),
    'CLIP by Pillow': transformers(image_processor_type='CLIPImageProcessorPil', crop_size=8, do_center_crop=True, do_convert_rgb=True, resample=3, size=dict(shortest_edge=9), **usual),
    'ViT': transformers(image_processor_type='ViTImageProcessor', resample=2, size=dict(height=8, width=8), **usual),
    'ViT without normalization': transformers(image_processor_type='ViTImageProcessor', resample=2, size=dict(height=8, width=8), do_resize=True, do_rescale=True, rescale_factor=1 / 127.5, do_normalize=False),
    'SigLIP': transformers(image_processor_type='SiglipImageProcessor', processor_class='SiglipProcessor', resample=3, size=dict(height=8, width=8), do_convert_rgb=None, **usual),
    'ConvNext': transformers(image_processor_type='ConvNextImageProcessor', crop_pct=0.875, resample=3, size=dict(shortest_edge=8), **usual),
    'timm center': timm(input_size=[3, 8, 8], interpolation='bicubic', crop_pct=0.8, crop_mode='center', mean=MEAN, std=STD, num_classes=2, first_conv='conv1', classifier='fc'),
    'timm squash': timm(input_size=[3, 8, 8], interpolation='bilinear', crop_pct=1.0, crop_mode='squash', mean=MEAN, std=STD),
    'open_clip shortest': open_clip(size=8, mode='RGB', mean=MEAN, std=STD, interpolation='bicubic', resize_mode='shortest'),
    'open_clip longest': open_clip(size=8, mode='RGB', mean=MEAN, std=STD, interpolation='bicubic', resize_mode='longest', fill_color=7),
    'open_clip squash': open_clip(size=8, mode='RGB', mean=MEAN, std=STD, interpolation='bilinear', resize_mode='squash'),
    'torchxrayvision': ours(xrv('skimage'), channels=1, fit='crop first', center='halves', low=-1024, high=1024, bits=32, resize='scikit-image'),
    'torchxrayvision with OpenCV': ours(xrv('cv2'), channels=1, fit='crop first', center='halves', low=-1024, high=1024, bits=32, resize='opencv area'),
    'BioViL-T': ours(biovil, channels=3, percentiles=[0, 100], bits=8, fit='crop', side=10, center='even', resize='pil bilinear'),
    'MedSigLIP': ours(medsiglip, channels=1, bits=8, fit='pad first', resize='pil bilinear', mean=[0.5], std=[0.5]),
    'tensors with antialias': ours(tensors('bicubic', True), channels=1, bits=32, fit='crop', side=10, center='even', resize='torch bicubic'),
    'tensors without antialias': ours(tensors('bilinear', False), channels=1, bits=32, fit='crop', side=10, center='even', resize='torch bilinear plain'),
    'TensorFlow 1': ours(tensorflow1, channels=1, resize='tensorflow 1 bilinear'),
}
out = []
for name, (about, f) in CASES.items():
    films = []
    for w, h in SIZES:
        for white in (255, 65535):
            if name == 'torchxrayvision with OpenCV' and min(w, h) < 9:
                continue  # OpenCV interpolates where nothing gets smaller
            v = f(picture(w, h, white))
            v = v / (1024 if 'xray' in name else 1)
            few = lambda a: [round(float(x), 4) for x in a.ravel()]
            films.append(dict(size=[w, h], white=white, first=few(v[0]), last=few(v[-1][0])))
    out.append(dict(name=name, scale=1024 if 'xray' in name else 1, films=films, **about))
with open('films.json', 'w') as f:
    f.write('[\n' + ',\n'.join(json.dumps(o, separators=(',', ':')) for o in out) + '\n]\n')
