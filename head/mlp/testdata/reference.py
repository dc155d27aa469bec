"""Trains a small network with PyTorch 1.13 from a start that both sides compute, and writes what becomes of the
losses, the running statistics and the loss in use. Run in this folder: python3 reference.py"""
import json
import numpy
import torch
from torch import nn

DIM, HIDDEN, FINDINGS, FILMS, BATCHES, EPOCHS = 20, (16, 12), 3, 50, (17, 17, 16), 6


def numbers(n, seed):
    """-0.5..0.5, by a multiplicative hash."""
    k = (numpy.arange(n, dtype=numpy.uint64) + seed) * 2654435761 % 2**32
    return ((k >> numpy.uint64(16)).astype(numpy.float64) / 65536 - 0.5).astype(numpy.float32)


torch.manual_seed(0)
x = torch.tensor(4 * numbers(FILMS * DIM, 1).reshape(FILMS, DIM))
y = torch.tensor((numbers(FILMS * FINDINGS, 7777).reshape(FILMS, FINDINGS) > 0).astype('f4'))
w = torch.tensor(numpy.where(numbers(FILMS * FINDINGS, 999) > 0.3, 0, 1 + numbers(FILMS * FINDINGS, 555)).reshape(FILMS, FINDINGS).astype('f4'))
layers, width = [], DIM
for i, units in enumerate(HIDDEN + (FINDINGS,)):
    dense = nn.Linear(width, units)
    dense.weight.data = torch.tensor(numbers(width * units, 100 * i).reshape(width, units).T.copy())
    dense.bias.data = torch.tensor(numbers(units, 50 + i))
    layers.append(dense)
    if i < len(HIDDEN):
        layers += [nn.ReLU(), nn.BatchNorm1d(units, eps=1e-3, momentum=0.1)]
    width = units
net = nn.Sequential(*layers)
weights = [l.weight for l in layers if isinstance(l, nn.Linear)]
others = [p for p in net.parameters() if not any(p is q for q in weights)]
optimizer = torch.optim.Adam([{'params': weights, 'weight_decay': 0.01}, {'params': others}], lr=0.01)


def loss_of(at):
    z = net(x[at])
    return nn.functional.binary_cross_entropy_with_logits(z, y[at], w[at], reduction='sum') / w[at].sum()


losses = []
for _ in range(EPOCHS):
    start = 0
    for n in BATCHES:
        for l in layers:
            if isinstance(l, nn.BatchNorm1d):
                l.momentum = max(0.1, 1 / (len(losses) + 1))  # the mean of all steps until there are ten
        optimizer.zero_grad()
        loss = loss_of(slice(start, start + n))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        start += n
net.eval()
with torch.no_grad():
    use = loss_of(slice(0, FILMS)).item()
norm = layers[2]
json.dump({'losses': losses, 'use': use, 'mean': norm.running_mean.tolist(), 'variance': norm.running_var.tolist()}, open('reference.json', 'w'))
