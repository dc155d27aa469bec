"""One film to PNG with the tools and the steps of Google's cxr-foundation client."""
import sys

import numpy
import png
import pydicom


def normalized(ds):
    pixels = ds.pixel_array
    if "RescaleSlope" in ds and "RescaleIntercept" in ds:
        pixels = pixels * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    if "WindowCenter" in ds and "WindowWidth" in ds:
        center, width = float(ds.WindowCenter), float(ds.WindowWidth)
        low, high = center - width / 2, center - 1 + width / 2
        pixels = numpy.clip(pixels, low, high)
        pixels = numpy.interp(pixels, (low, high), (0, 65535))
    if ds.PhotometricInterpretation == "MONOCHROME1":
        pixels = pixels.max() - pixels
    pixels = (pixels - pixels.min()).astype(numpy.uint16)
    return numpy.interp(pixels, (pixels.min(), pixels.max()), (0, 65535)).astype(numpy.uint16)


pixels = normalized(pydicom.dcmread(sys.argv[1]))
height, width = pixels.shape
with open(sys.argv[2], "wb") as f:
    png.Writer(width=width, height=height, greyscale=True, bitdepth=16).write(f, pixels.tolist())
