"""Scales raw 16-bit pixels so many times with Pillow; prints a dash and the CPU seconds."""
import sys
import time

import numpy
from PIL import Image

times, path, width, height, side, kernel = sys.argv[1:]
pixels = numpy.fromfile(path, "<u2").reshape(int(height), int(width))
image = Image.fromarray(pixels.astype(numpy.float32))  # Pillow does not filter 16-bit integers
start = time.process_time()
for _ in range(int(times)):
    image.resize((int(side), int(side)), getattr(Image.Resampling, kernel))
print("-", time.process_time() - start)
