"""Writes pillow.json: a made-up picture scaled by Pillow, the oracle of TestAgainstPillow.

Run with any Python that has Pillow and numpy: python3 pillow.py
"""
import json
import numpy
from PIL import Image

KERNELS = {"area": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR, "cubic": Image.Resampling.BICUBIC}
# Pillow's BOX is the mean of what a pixel covers only for whole factors.
CASES = [("area", (24, 20), (8, 5)), ("area", (24, 20), (2, 10))] + [
    (kernel, (23, 19), out) for kernel in ("bilinear", "cubic") for out in ((9, 8), (14, 3), (31, 21))]


def picture(width, height, white):
    y, x = numpy.mgrid[:height, :width].astype(numpy.uint64)
    noise = x * 7919 + y * 104729 + x * y * 31
    # Pillow clips 8-bit pictures after each axis: stay away from black and white.
    return 64 + noise % 128 if white == 255 else noise % 65536


def scaled(kernel, size, out, white):
    pixels = picture(*size, white)
    # Pillow cannot filter 16-bit pictures, but 32-bit float ones.
    image = Image.fromarray(pixels.astype(numpy.uint8 if white == 255 else numpy.float32))
    result = numpy.asarray(image.resize(out, KERNELS[kernel]), dtype=float)
    return {"kernel": kernel, "white": white, "in": size, "out": out,
            "pixels": [float("%.1f" % v) for v in result.ravel()]}


with open("pillow.json", "w") as f:
    lines = [json.dumps(scaled(*case, white), separators=(",", ":")) for case in CASES for white in (255, 65535)]
    f.write("[\n" + ",\n".join(lines) + "\n]\n")
