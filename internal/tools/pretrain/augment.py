"""Random views of films: where they were cut, how they were exposed and how finely they were kept."""

import math

import torch
from torch.nn import functional as F

from films import standardize


def _uniform(g, n, low, high):
    return torch.rand(n, generator=g) * (high - low) + low


def _some(g, n, p):
    return (torch.rand(n, generator=g) < p).float()


def _column(v):
    return v.view(-1, 1, 1, 1)


def geometry(films, side, g):
    """Cuts, turns and flips films (n x c x h x w) to n x c x side x side; what lies beyond the film is 0."""
    n = len(films)
    angle = _uniform(g, n, -0.2, 0.2)
    zoom = torch.exp(_uniform(g, n, math.log(0.68), math.log(1.12)))
    aspect = torch.exp(_uniform(g, n, -0.12, 0.12))
    flip = 1 - 2 * _some(g, n, 0.3)
    slack = (1 - zoom).abs() + 0.06
    tx, ty = _uniform(g, n, -1, 1) * slack * 0.7, _uniform(g, n, -1, 1) * slack * 0.7
    sx, sy = zoom * aspect, zoom / aspect
    theta = torch.stack((
        torch.stack((flip * sx * angle.cos(), -sy * angle.sin(), tx), 1),
        torch.stack((flip * sx * angle.sin(), sy * angle.cos(), ty), 1)), 1)
    grid = F.affine_grid(theta, (n, 1, side, side), align_corners=False)
    return F.grid_sample(films, grid, align_corners=False)


def _coarsen(x, g):
    """Parts of the batch go through fewer pixels and back: sources differ in sharpness, and 64 pixels must do."""
    n, side = len(x), x.shape[2]
    parts = list(x.chunk(4))
    for i in range(1, 4):
        small = int(torch.randint(min(side * 3 // 8, 60), side * 7 // 8, (1,), generator=g))
        mode = ("area", "bilinear", "bicubic")[int(torch.randint(0, 3, (1,), generator=g))]
        kw = {} if mode == "area" else {"align_corners": False, "antialias": True}
        y = F.interpolate(parts[i], (small, small), mode=mode, **kw)
        mode = ("bilinear", "bicubic")[int(torch.randint(0, 2, (1,), generator=g))]
        parts[i] = F.interpolate(y, (side, side), mode=mode, align_corners=False)
    return torch.cat(parts)


def tone(x, g):
    """Films (n x 1 x side x side in 0..1) through another tone curve, with broad tones made weaker or stronger."""
    n, side = len(x), x.shape[2]
    x = x.clamp(1e-3, 1) ** torch.exp(_column(_uniform(g, n, -0.6, 0.6)))
    smooth = F.adaptive_avg_pool2d(x, 8).transpose(0, 1)
    smooth = F.interpolate(smooth, (side, side), mode="bicubic", align_corners=False).transpose(0, 1)
    return x - _column(_uniform(g, n, -0.5, 0.75) * _some(g, n, 0.4)) * smooth


def exposure(x, g):
    """Films (n x 1 x side x side in 0..1) as another machine might have made them, standardized."""
    n, side = len(x), x.shape[2]
    x = tone(_coarsen(x, g), g)
    ramp = torch.linspace(-1, 1, side)
    x = x + _column(_uniform(g, n, -0.12, 0.12)) * ramp.view(1, 1, 1, -1)
    x = x + _column(_uniform(g, n, -0.12, 0.12)) * ramp.view(1, 1, -1, 1)
    x = standardize(x)
    low, high = _column(_uniform(g, n, -3, -1.3)), _column(_uniform(g, n, 1.2, 3))
    x = torch.maximum(torch.minimum(x, high), low)  # clipped blacks and whites
    x = standardize(x)
    x = x + _column(_uniform(g, n, 0, 0.12) * _some(g, n, 0.5)) * torch.randn(x.shape, generator=g)
    return standardize(_stamp(x, g))


def _stamp(x, g):
    """Borders and letters: bars and boxes of one shade."""
    n, side = len(x), x.shape[2]
    axis = torch.arange(side).float() / side
    box = lambda lo, hi: ((axis >= lo.view(-1, 1)) & (axis < hi.view(-1, 1))).float()
    for p, small, large in ((0.3, 0.05, 0.2), (0.3, 0.05, 0.2), (0.3, 0.1, 0.3)):
        cx, cy = _uniform(g, n, 0, 0.95), _uniform(g, n, 0, 0.95)
        mask = box(cy, cy + _uniform(g, n, small, large)).unsqueeze(2) * box(cx, cx + _uniform(g, n, small, large)).unsqueeze(1)
        mask = mask.unsqueeze(1) * _some(g, n, p).view(n, 1, 1, 1)
        x = x + mask * (_uniform(g, n, -2, 2.5).view(n, 1, 1, 1) - x)
    edge = _uniform(g, n, 0, 0.1).view(n, 1) * _some(g, n, 0.3).view(n, 1)
    keep = ((axis >= edge) & (axis < 1 - edge)).float()
    sides = torch.rand(n, 2, generator=g) < 0.6
    keep_y = torch.where(sides[:, :1], keep, torch.ones_like(keep)).unsqueeze(2)
    keep_x = torch.where(sides[:, 1:], keep, torch.ones_like(keep)).unsqueeze(1)
    keep = (keep_y * keep_x).unsqueeze(1)
    return x * keep + (1 - keep) * (_uniform(g, n, -2.5, -1).view(n, 1, 1, 1))
