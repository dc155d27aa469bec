"""Times a file with ONNX Runtime; prints a dash and the seconds: CPU time on one thread, else elapsed."""
import sys
import time

import numpy
import onnxruntime

path, side, batch, threads, times = sys.argv[1], *map(int, sys.argv[2:6])
o = onnxruntime.SessionOptions()
o.intra_op_num_threads, o.inter_op_num_threads = threads, 1
s = onnxruntime.InferenceSession(path, o, providers=["CPUExecutionProvider"])
x = s.get_inputs()[0]
channels = x.shape[1] if isinstance(x.shape[1], int) else 3
film = {x.name: numpy.random.default_rng(0).uniform(-1, 1, (batch, channels, side, side)).astype("float32")}
clock = time.process_time if threads == 1 else time.perf_counter
s.run(None, film)
start = clock()
for _ in range(times):
    s.run(None, film)
print("-", clock() - start)
