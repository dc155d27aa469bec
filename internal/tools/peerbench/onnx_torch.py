"""Times a network of torchvision with PyTorch; prints a dash and the seconds: CPU time on one thread, else elapsed."""
import sys
import time

import torch
from torchvision import models

name, side, batch, threads, times = sys.argv[1], *map(int, sys.argv[2:6])
torch.set_num_threads(threads)
m = getattr(models, name)().eval()
x = torch.rand(batch, 3, side, side)
clock = time.process_time if threads == 1 else time.perf_counter
with torch.inference_mode():
    m(x)
    start = clock()
    for _ in range(times):
        m(x)
    print("-", clock() - start)
