"""Trains the published head with PyTorch on one thread; prints a dash and the CPU seconds of the epochs."""
import sys
import time

import torch
from torch import nn

films, dim, epochs = map(int, sys.argv[1:])
torch.set_num_threads(1)
x, y = torch.randn(films, dim), (torch.rand(films, 1) > 0.5).float()
net = nn.Sequential(nn.Linear(dim, 512), nn.ReLU(), nn.BatchNorm1d(512), nn.Dropout(0.3),
                    nn.Linear(512, 256), nn.ReLU(), nn.BatchNorm1d(256), nn.Dropout(0.3), nn.Linear(256, 1))
optimizer = torch.optim.Adam(net.parameters())
start = time.process_time()
for _ in range(epochs):
    order = torch.randperm(films)
    for at in order.split(512):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(net(x[at]), y[at]).backward()
        optimizer.step()
print("-", time.process_time() - start)
