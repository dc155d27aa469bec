"""Writes methods.json: what Pillow 12, PyTorch 2.15, OpenCV 5 and scikit-image
0.26 make of the pictures of methods_test.go. Run in this folder."""
import json
import cv2, numpy as np, skimage.transform, torch
from PIL import Image
from torch.nn.functional import interpolate

SIZES = [((13, 9), (6, 5)), ((13, 9), (10, 11)), ((7, 19), (9, 4)), ((40, 31), (7, 6))]  # width, height


def picture(width, height, white):
    y, x = np.mgrid[:height, :width]
    return (x * 7919 + y * 104729 + x * y * 31) % (white + 1)


def pillow(name):
    return lambda a, w, h: np.array(Image.fromarray(a).resize((w, h), getattr(Image.Resampling, name)))


def pytorch(mode, antialias):
    def f(a, w, h):
        t = torch.from_numpy(a)[None, None]
        kw = {} if mode.startswith('nearest') else dict(antialias=antialias, align_corners=False)
        return interpolate(t, (h, w), mode=mode, **kw)[0, 0].numpy()
    return f


def opencv(name):
    return lambda a, w, h: cv2.resize(a, (w, h), interpolation=getattr(cv2, name))


def scikit(a, w, h):
    if a.dtype == np.uint8:
        return None
    return skimage.transform.resize(a[None], (1, h, w), mode='constant', preserve_range=True)[0]


METHODS = {('pillow', 'nearest'): pillow('NEAREST'), ('pillow', 'box'): pillow('BOX'), ('pillow', 'linear'): pillow('BILINEAR'),
           ('pillow', 'hamming'): pillow('HAMMING'), ('pillow', 'cubic half'): pillow('BICUBIC'), ('pillow', 'lanczos'): pillow('LANCZOS'),
           ('torch', 'nearest'): pytorch('nearest', False), ('torch', 'linear'): pytorch('bilinear', True), ('torch', 'cubic half'): pytorch('bicubic', True), ('torch', 'lanczos'): pytorch('lanczos', True),
           ('torch plain', 'linear'): pytorch('bilinear', False), ('torch plain', 'cubic three'): pytorch('bicubic', False),
           ('opencv', 'nearest'): opencv('INTER_NEAREST'), ('opencv', 'linear'): opencv('INTER_LINEAR'), ('opencv', 'cubic three'): opencv('INTER_CUBIC'),
           ('opencv', 'box'): opencv('INTER_AREA'), ('scikit-image', 'linear'): scikit}
out = []
for (program, kernel), f in METHODS.items():
    for (w, h), (ow, oh) in SIZES:
        if (program, kernel) == ('opencv', 'box') and (ow > w or oh > h):
            continue  # is another kernel then
        for white, kind in ((255, np.uint8), (65535, np.float32)):
            r = f(picture(w, h, white).astype(kind), ow, oh)
            if r is not None:
                out.append(dict(program=program, filter=kernel, white=white, out=[ow, oh], **{'in': [w, h]}, pixels=[int(v) if kind == np.uint8 else round(float(v), 1) for v in r.ravel()]))
with open('methods.json', 'w') as f:
    f.write('[\n' + ',\n'.join(json.dumps(o, separators=(',', ':')) for o in out) + '\n]\n')
