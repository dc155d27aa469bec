"""Finds the ten rows with the largest cosine to the first, so many times, with NumPy; prints their numbers and the
CPU seconds."""
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy  # noqa: E402

times, films, dim = map(int, sys.argv[1:])
x = numpy.empty((films, dim), numpy.float32)
with numpy.errstate(over="ignore"):
    state = numpy.arange(films * dim, dtype=numpy.uint32)
    state = (state ^ (state >> numpy.uint32(16))) * numpy.uint32(0x7FEB352D)
    state = (state ^ (state >> numpy.uint32(15))) * numpy.uint32(0x846CA68B)
    state ^= state >> numpy.uint32(16)
x.reshape(-1)[:] = (state >> numpy.uint32(8)).astype(numpy.float32) / numpy.float32(1 << 24) - numpy.float32(0.5)
del state
length = numpy.sqrt(numpy.einsum("ij,ij->i", x, x))
start = time.process_time()
for _ in range(times):
    similarity = x @ (x[0] / length[0]) / length
    best = numpy.argpartition(similarity, -10)[-10:]
    best = best[numpy.argsort(-similarity[best], kind="stable")]
seconds = time.process_time() - start
print(",".join(map(str, best)), seconds)
