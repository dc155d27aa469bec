"""Decodes a film so many times with GDCM; prints the digest of its stored values and the CPU seconds."""
import hashlib
import sys
import time

import gdcm


def read(path):
    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    if not reader.Read():
        sys.exit("gdcm cannot read the file")
    return reader


def decode(reader):
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    change.SetInput(reader.GetImage())
    if not change.Change():
        sys.exit("gdcm cannot decode the film")
    return change.GetOutput()


seconds = 0.0
for _ in range(int(sys.argv[1])):
    reader = read(sys.argv[2])
    start = time.process_time()
    image = decode(reader)
    seconds += time.process_time() - start
pixels = image.GetBuffer().encode("utf-8", errors="surrogateescape")
print(hashlib.sha256(pixels).hexdigest(), seconds)
