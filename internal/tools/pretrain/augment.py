"""Random views of films: where they were cut, how they were exposed and how finely they were kept."""

import math

import torch
from torch.nn import functional as F

from films import standardize


def _column(v):
    return v.view(-1, 1, 1, 1)


def affine(angle, sx, sy, tx, ty):
    """Matrices n x 2 x 3 from places in a view to places in a film, both in -1..1."""
    return torch.stack((torch.stack((sx * angle.cos(), -sy * angle.sin(), tx), 1),
                        torch.stack((sx * angle.sin(), sy * angle.cos(), ty), 1)), 1)


def whole(n, d):
    """Where a view of a whole film lies in it: n x 2 x 3."""
    angle = d.uniform(n, -0.2, 0.2)
    zoom = torch.exp(d.uniform(n, math.log(0.68), math.log(1.12)))
    aspect = torch.exp(d.uniform(n, -0.12, 0.12))
    flip = 1 - 2 * d.some(n, 0.3)
    slack = (1 - zoom).abs() + 0.06
    tx, ty = d.uniform(n, -1, 1) * slack * 0.7, d.uniform(n, -1, 1) * slack * 0.7
    return affine(angle, flip * zoom * aspect, zoom / aspect, tx, ty)


def around(box, margin):
    """The box x0, y0, x1, y1 (in 0..1) of each film with a margin, a share of its sides, kept within the film."""
    size = box[:, 2:] - box[:, :2]
    margin = torch.as_tensor(margin, device=box.device, dtype=box.dtype)
    if margin.dim() < 2:
        margin = margin.view(-1, 1).expand(-1, 4)
    return torch.cat((box[:, :2] - margin[:, :2] * size, box[:, 2:] + margin[:, 2:] * size), 1).clamp(0, 1)


def frame(box):
    """The matrix n x 2 x 3 that stretches a view over the box."""
    half, middle = box[:, 2:] - box[:, :2], box[:, 2:] + box[:, :2] - 1
    zero = torch.zeros_like(half[:, 0])
    return torch.stack((torch.stack((half[:, 0], zero, middle[:, 0]), 1),
                        torch.stack((zero, half[:, 1], middle[:, 1]), 1)), 1)


def cut(box, d, low=-0.02, high=0.28, mirrored=0.3):
    """Where a view of the lungs lies in the film: their box, more or less of what is around it, turned and squeezed a little."""
    n = len(box)
    theta = frame(around(box, d.rand(n, 4) * (high - low) + low))
    angle, flip = d.uniform(n, -0.15, 0.15), 1 - 2 * d.some(n, mirrored)
    zoom, aspect = torch.exp(d.uniform(n, -0.08, 0.08)), torch.exp(d.uniform(n, -0.08, 0.08))
    turn = affine(angle, flip * zoom * aspect, zoom / aspect, d.uniform(n, -0.06, 0.06), d.uniform(n, -0.06, 0.06))
    last = torch.tensor([0.0, 0, 1], device=box.device).expand(n, 1, 3)
    return theta @ torch.cat((turn, last), 1)


def sample(films, theta, side):
    """Films (n x c x h x w) seen through matrices: n x c x side x side. What lies beyond a film is 0."""
    grid = F.affine_grid(theta, (len(films), 1, side, side), align_corners=False)
    return F.grid_sample(films, grid, align_corners=False)


def _coarsen(x, d):
    """Parts of the batch go through fewer pixels and back: sources differ in sharpness, and 64 pixels must do."""
    side = x.shape[2]
    parts = list(x.chunk(4))
    for i in range(1, 4):
        small = d.whole(min(side * 3 // 8, 60), side * 7 // 8)
        mode = ("area", "bilinear", "bicubic")[d.whole(0, 3)]
        kw = {} if mode == "area" else {"align_corners": False, "antialias": True}
        y = F.interpolate(parts[i], (small, small), mode=mode, **kw)
        parts[i] = F.interpolate(y, (side, side), mode=("bilinear", "bicubic")[d.whole(0, 2)], align_corners=False)
    return torch.cat(parts)


def tone(x, d):
    """Films (n x 1 x side x side in 0..1) through another tone curve, with broad tones made weaker or stronger."""
    n, side = len(x), x.shape[2]
    x = x.clamp(1e-3, 1) ** torch.exp(_column(d.uniform(n, -0.6, 0.6)))
    smooth = F.interpolate(F.adaptive_avg_pool2d(x, 8), (side, side), mode="bicubic", align_corners=False)
    return x - _column(d.uniform(n, -0.5, 0.75) * d.some(n, 0.4)) * smooth


def exposure(x, d, stamps=True):
    """Films (n x 1 x side x side in 0..1) as another machine might have made them, standardized."""
    n, side = len(x), x.shape[2]
    shuffled = d.rand(n).argsort()  # which quarter stays sharp must not be a matter of the source
    x = _coarsen(x[shuffled], d)[shuffled.argsort()]
    x = tone(x, d)
    ramp = torch.linspace(-1, 1, side, device=x.device)
    x = x + _column(d.uniform(n, -0.12, 0.12)) * ramp.view(1, 1, 1, -1)
    x = x + _column(d.uniform(n, -0.12, 0.12)) * ramp.view(1, 1, -1, 1)
    x = standardize(x)
    low, high = _column(d.uniform(n, -3, -1.3)), _column(d.uniform(n, 1.2, 3))
    x = torch.maximum(torch.minimum(x, high), low)  # clipped blacks and whites
    x = standardize(x)
    x = x + _column(d.uniform(n, 0, 0.12) * d.some(n, 0.5)) * d.randn(*x.shape)
    return standardize(_stamp(x, d) if stamps else x)


def _stamp(x, d):
    """Borders and letters: bars and boxes of one shade."""
    n, side = len(x), x.shape[2]
    axis = torch.arange(side, device=x.device).float() / side
    box = lambda lo, hi: ((axis >= lo.view(-1, 1)) & (axis < hi.view(-1, 1))).float()
    for p, small, large in ((0.3, 0.05, 0.2), (0.3, 0.05, 0.2), (0.3, 0.1, 0.3)):
        cx, cy = d.uniform(n, 0, 0.95), d.uniform(n, 0, 0.95)
        mask = box(cy, cy + d.uniform(n, small, large)).unsqueeze(2) * box(cx, cx + d.uniform(n, small, large)).unsqueeze(1)
        mask = mask.unsqueeze(1) * _column(d.some(n, p))
        x = x + mask * (_column(d.uniform(n, -2, 2.5)) - x)
    edge = d.uniform(n, 0, 0.1).view(n, 1) * d.some(n, 0.3).view(n, 1)
    keep = ((axis >= edge) & (axis < 1 - edge)).float()
    sides = d.rand(n, 2) < 0.6
    keep_y = torch.where(sides[:, :1], keep, torch.ones_like(keep)).unsqueeze(2)
    keep_x = torch.where(sides[:, 1:], keep, torch.ones_like(keep)).unsqueeze(1)
    keep = (keep_y * keep_x).unsqueeze(1)
    return x * keep + (1 - keep) * _column(d.uniform(n, -2.5, -1))
