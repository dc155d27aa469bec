"""Makes the codestreams of this folder: one picture of 24 x 16 pixels by every
encoder of imagecodecs that DICOM has a transfer syntax for. The picture is computed
here: pixel i is 170*i (16 bits), 10*i (12 bits) or i/2 (8 bits), so that tests need
no other file. pip install imagecodecs pillow; run in this folder: python3 make.py"""
import io
import imagecodecs as ic, numpy as np
from PIL import Image

i = np.arange(24 * 16).reshape(16, 24)
a16, a12, a8 = (170 * i).astype(np.uint16), (10 * i).astype(np.uint16), (i // 2).astype(np.uint8)


def pillow(a, **options):
    b = io.BytesIO()
    Image.fromarray(a).save(b, 'JPEG', quality=95, **options)
    return b.getvalue()


streams = {
    'sof0_8.jpg': pillow(a8), 'sof2_8.jpg': pillow(a8, progressive=True),
    'sof3_16.jpg': ic.ljpeg_encode(a16, bitspersample=16), 'sof3_12.jpg': ic.ljpeg_encode(a12, bitspersample=12),
    'ls_16.jls': ic.jpegls_encode(a16), 'ls_near_16.jls': ic.jpegls_encode(a16, level=3),
    'j2k_53_16.j2k': ic.jpeg2k_encode(a16, codecformat='J2K', reversible=True, level=0),
    'j2k_97_16.j2k': ic.jpeg2k_encode(a16, codecformat='J2K', reversible=False, level=80),
    'ht_53_16.j2c': ic.htj2k_encode(a16), 'ht_97_16.j2c': ic.htj2k_encode(a16, level=0.0001, reversible=False),
}
for name, b in streams.items():
    open(name, 'wb').write(b)
