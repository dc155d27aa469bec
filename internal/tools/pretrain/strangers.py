"""What is no frontal chest film: pictures from a folder, and shapes made up here."""

import os

import numpy as np
import torch
from torch.nn import functional as F


def load(path):
    """Pictures of a file of `x` (n x h x w bytes) and `group`; none if there is no file."""
    if not path or not os.path.exists(path):
        return torch.zeros(0, 8, 8, dtype=torch.uint8), []
    z = np.load(path)
    return torch.from_numpy(z["x"]), [str(g) for g in z["group"]]


def jigsaw(x, d):
    """Films (n x 1 x s x s) whose tiles have changed places."""
    n, side = len(x), x.shape[2]
    k = (2, 3, 4)[d.whole(0, 3)]
    t = side // k
    tiles = x[:, :, :t * k, :t * k].reshape(n, 1, k, t, k, t).permute(0, 2, 4, 1, 3, 5).reshape(n, k * k, 1, t, t)
    order = d.rand(n, k * k).argsort(1)
    tiles = torch.gather(tiles, 1, order.view(n, k * k, 1, 1, 1).expand(-1, -1, 1, t, t))
    x = tiles.reshape(n, k, k, 1, t, t).permute(0, 3, 1, 4, 2, 5).reshape(n, 1, t * k, t * k)
    return F.interpolate(x, (side, side), mode="nearest")


def bones(n, side, d):
    """Long bones in soft tissue, as of limbs and hands: n x 1 x side x side in 0..1."""
    axis = (torch.arange(side, device=d.device) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    one = lambda lo, hi: d.uniform(n, lo, hi).view(n, 1, 1)
    out = torch.zeros(n, side, side, device=d.device)
    angle, middle = one(-0.5, 0.5) + (torch.pi / 2) * d.some(n, 0.3).view(n, 1, 1), one(-0.3, 0.3)
    width = one(0.06, 0.25)
    for k in range(5):
        a = angle + one(-0.15, 0.15) + (k - 2) * one(0, 0.15)
        u = (x * a.cos() + y * a.sin()) - middle - (k - 2) * width * one(2, 3)  # across
        v = y * a.cos() - x * a.sin()  # along
        lo, hi = one(-1.6, -0.2), one(0.2, 1.6)
        flare = 1 + one(0, 0.8) * (torch.exp(-((v - hi) / 0.15) ** 2) + torch.exp(-((v - lo) / 0.15) ** 2))
        r = u.abs() / (width * flare)
        ends = torch.sigmoid((v - lo) * 30) * torch.sigmoid((hi - v) * 30)
        there = d.some(n, 1 if k == 2 else 0.45).view(n, 1, 1)
        tissue = torch.exp(-(u / (width * one(2, 4))) ** 4) * one(0.2, 0.45)
        bone = torch.sigmoid((1 - r) * 12) * (one(0.2, 0.4) + 0.3 * torch.exp(-((r - 0.85) / 0.15) ** 2)) * ends
        out = torch.maximum(out, there * tissue) + there * bone
    noise = F.interpolate(d.randn(n, 1, 24, 24), (side, side), mode="bicubic", align_corners=False)[:, 0]
    return (out + 0.04 * noise).clamp(0, 1)[:, None]


def slices(n, side, d):
    """Bright or dark rings with organs in them on black, as of computed tomography; some are fans, as of ultrasound."""
    axis = (torch.arange(side, device=d.device) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    one = lambda lo, hi: d.uniform(n, lo, hi).view(n, 1, 1)
    r = ((x - one(-0.15, 0.15)) / one(0.5, 1)) ** 2 + ((y - one(-0.15, 0.15)) / one(0.45, 0.95)) ** 2
    smooth = lambda cells: F.interpolate(d.randn(n, 1, cells, cells), (side, side), mode="bicubic", align_corners=False)[:, 0]
    body = torch.sigmoid((1 - r) * 20) * (one(0.2, 0.6) + 0.15 * torch.tanh(3 * smooth(5)) + 0.05 * smooth(20))
    ring = torch.exp(-((r - one(0.7, 0.95)) / 0.08) ** 2) * one(0, 0.7)
    fan = torch.exp(-((torch.atan2(x, y + 1.1)).abs() / one(0.5, 0.8)) ** 8) * ((x ** 2 + (y + 1.1) ** 2).sqrt() < one(1.4, 2)).float()
    fan = fan * (0.3 + 0.25 * smooth(7) + 0.2 * smooth(60)).clamp_min(0)
    is_fan = d.some(n, 0.3).view(n, 1, 1)
    return (is_fan * fan + (1 - is_fan) * (body + ring)).clamp(0, 1)[:, None]


def patterns(n, side, d):
    """Noise of many kinds, ramps, bands, letters: n x 1 x side x side in 0..1."""
    cells = (2, 3, 5, 9, 20, 48, side)[d.whole(0, 7)]
    noise = F.interpolate(d.randn(n, 1, cells, cells), (side, side), mode=("bicubic", "nearest")[d.whole(0, 2)])
    axis = torch.linspace(-1, 1, side, device=d.device)
    one = lambda lo, hi: d.uniform(n, lo, hi).view(n, 1, 1, 1)
    ramp = one(-1, 1) * axis.view(1, 1, 1, -1) + one(-1, 1) * axis.view(1, 1, -1, 1)
    bands = torch.sign(torch.sin((axis.view(1, 1, 1, -1) * one(0, 1) + axis.view(1, 1, -1, 1) * one(0, 1)) * one(3, 60)))
    letters = (F.interpolate((d.randn(n, 1, 24, 24) > 0.8).float(), (side, side)) * (torch.sin(axis * 40).view(1, 1, -1, 1) > 0)).clamp(0, 1)
    kind = d.below(4, n).view(n, 1, 1, 1)
    x = torch.where(kind == 0, noise, torch.where(kind == 1, ramp + 0.1 * noise, torch.where(kind == 2, bands, letters * 2)))
    return (0.5 + 0.3 * x).clamp(0, 1)
