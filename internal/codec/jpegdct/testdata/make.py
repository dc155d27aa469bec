"""Makes the progressive codestreams of this folder and vectors.json: encoded by
libjpeg-turbo through Pillow and imagecodecs, decoded by it through imagecodecs
(integer transform "islow", no upsampling needed). The pictures are computed here.
pip install pillow imagecodecs numpy; run in this folder: python3 make.py"""
import hashlib, io, json
import imagecodecs, numpy as np
from PIL import Image

rs = np.random.RandomState(1)
yy, xx = np.mgrid[0:44, 0:57]
gray = (np.sin(xx / 5.) * 50 + np.cos(yy / 7.) * 50 + 120 + rs.randint(0, 40, xx.shape)).astype(np.uint8)
color = np.stack([gray, 255 - gray, np.roll(gray, 9, 1)], -1)


def pillow(a, **options):
    b = io.BytesIO()
    Image.fromarray(a).save(b, 'JPEG', progressive=True, **options)
    return b.getvalue()


streams = {
    'gray': pillow(gray, quality=90), 'gray100': pillow(gray, quality=100), 'gray5': pillow(gray, quality=5),
    'restarts': pillow(gray, quality=80, restart_marker_blocks=5), 'color': pillow(color, quality=85, subsampling=0),
}
vectors = {}
for name, b in streams.items():
    open(name + '.jpg', 'wb').write(b)
    a = imagecodecs.jpeg8_decode(b, colorspace='YCBCR' if b.count(b'\xff\xc2\x00\x11') else None, outcolorspace='YCBCR' if b.count(b'\xff\xc2\x00\x11') else None)
    vectors[name] = {'width': a.shape[1], 'height': a.shape[0], 'components': 1 if a.ndim == 2 else 3,
                     'sha256': hashlib.sha256(a.astype('<u2').tobytes()).hexdigest()}
json.dump(vectors, open('vectors.json', 'w'), indent=1)
