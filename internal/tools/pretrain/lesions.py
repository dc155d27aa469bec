"""Synthetic lesions painted on normal films: a label that no source can betray.

The idea is that of foreign patch interpolation and cut-paste anomaly detection (Tan et al. 2020,
arXiv:2011.04197; Li et al. 2021, arXiv:2104.04015), with shapes made to look like what radiographs show: haze
that borrows the brightness of soft tissue, a meniscus, a wider heart, a smaller lung.
"""

import torch
from torch.nn import functional as F

KINDS = ("opacity", "diffuse", "effusion", "heart", "nodule", "interstitial", "volume", "pneumothorax", "hyperinflation")
COARSE = 64  # side of the maps that lesions are drawn on


def _uniform(g, n, low, high):
    return (torch.rand(n, generator=g) * (high - low) + low).view(n, 1, 1)


def _noise(g, n, cells):
    """Smooth noise of mean 0 and deviation 1, about `cells` bumps across."""
    z = torch.randn(1, n, cells, cells, generator=g)
    z = F.interpolate(z, (COARSE, COARSE), mode="bicubic", align_corners=False)[0]
    return (z - z.mean((1, 2), keepdim=True)) / z.std((1, 2), keepdim=True)


def _ellipse(x, y, cx, cy, rx, ry):
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2


def _choose(g, n, normal):
    """Which kinds each film gets: none for 2 of 5 films, else one or two."""
    count = torch.multinomial(torch.tensor([0.4, 0.4, 0.2]), n, True, generator=g)
    order = torch.rand(n, len(KINDS), generator=g).argsort(1).argsort(1)
    return (order < count[:, None]).float() * normal.view(n, 1).float()


def paint(films, normal, g):
    """Paints lesions on those films (n x h x w in 0..1) that are normal.

    Returns the films, which of KINDS each was given (n x kinds) and where they
    are (n x h x w in 0..1).
    """
    kinds = _choose(g, len(films), normal)
    chosen = kinds.any(1)
    painted, where = films.clone(), torch.zeros_like(films)
    if chosen.any():
        painted[chosen], where[chosen] = _paint(films[chosen], kinds[chosen], g)
    return painted, kinds, where


def _paint(films, kinds, g):
    n, h, w = films.shape
    on = {k: kinds[:, i].view(n, 1, 1) for i, k in enumerate(KINDS)}
    axis = (torch.arange(COARSE) + 0.5) / COARSE
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    y, x = y.expand(n, -1, -1), x.expand(n, -1, -1)

    coarse = F.interpolate(films[None], (COARSE, COARSE), mode="area")[0]
    blurred = F.avg_pool2d(coarse[None], 5, 1, 2)[0]
    middle = blurred[:, 10:50, 8:56]
    mean = middle.mean((1, 2), keepdim=True)
    std = middle.std((1, 2), keepdim=True) + 1e-3
    prior = torch.exp(-torch.minimum(_ellipse(x, y, 0.31, 0.43, 0.17, 0.3), _ellipse(x, y, 0.69, 0.43, 0.17, 0.3)) ** 2)
    lung = prior * torch.sigmoid((mean + 0.3 * std - blurred) / (0.3 * std))
    tissue = mean + _uniform(g, n, 0.3, 1.3) * std  # the brightness that lesions tend to

    side = (torch.rand(n, generator=g) < 0.5).float().view(n, 1, 1)
    cx = 0.31 + 0.38 * side + _uniform(g, n, -0.1, 0.1)
    cy = _uniform(g, n, 0.22, 0.66)
    rx, ry = _uniform(g, n, 0.06, 0.2), _uniform(g, n, 0.06, 0.24)
    ragged = 0.5 * _noise(g, n, 8) + 0.3 * _noise(g, n, 16)
    blob = torch.sigmoid((1 - _ellipse(x, y, cx, cy, rx, ry) + ragged) * _uniform(g, n, 1.5, 5))
    opacity = on["opacity"] * blob * lung * _uniform(g, n, 0.3, 0.95)

    hilar = torch.exp(-0.5 * torch.minimum(_ellipse(x, y, 0.36, 0.48, 0.14, 0.2), _ellipse(x, y, 0.64, 0.48, 0.14, 0.2)))
    spread = _uniform(g, n, 0, 1)
    diffuse = on["diffuse"] * lung * (hilar * (1 - spread) + spread) * _uniform(g, n, 0.25, 0.75)
    diffuse = diffuse * torch.sigmoid(1.0 + 1.2 * _noise(g, n, 7))

    outward = (x - 0.5).abs() * 2
    inside = ((x - 0.5) * (2 * side - 1) > 0.04).float()
    level = _uniform(g, n, 0.5, 0.82) - _uniform(g, n, 0, 0.35) * outward ** 2
    fluid = torch.sigmoid((y - level) * _uniform(g, n, 18, 45)) * inside
    effusion = on["effusion"] * fluid * torch.sigmoid((tissue - blurred) / (0.3 * std)) * _uniform(g, n, 0.6, 1) * prior.sqrt()

    nx, ny, nr = 0.31 + 0.38 * (1 - side) + _uniform(g, n, -0.11, 0.11), _uniform(g, n, 0.2, 0.65), _uniform(g, n, 0.02, 0.07)
    nodule = on["nodule"] * torch.sigmoid((1 - _ellipse(x, y, nx, ny, nr, nr * _uniform(g, n, 0.7, 1.4)) + 0.2 * ragged) * 4)
    nodule = nodule * _uniform(g, n, 0.3, 0.9) * lung.sqrt()

    mesh = torch.relu(_noise(g, n, 32)) * torch.sigmoid(_uniform(g, n, -0.5, 2) + 1.5 * _noise(g, n, 5))
    interstitial = on["interstitial"] * mesh * lung * _uniform(g, n, 0.15, 0.5)

    # Air around a smaller lung: dark, without vessels, beyond a fine line.
    px, rx, ry = 0.31 + 0.38 * side, 0.19, 0.33
    kept = _uniform(g, n, 0.62, 0.93)
    sunk = 0.42 + _uniform(g, n, 0.1, 0.33) * (1 - kept)
    inner = _ellipse(x, y, px - (2 * side - 1) * rx * (1 - kept), sunk, rx * kept, ry * kept)
    chest = on["pneumothorax"] * torch.sigmoid((1 - _ellipse(x, y, px, 0.42, rx, ry)) * 8) * lung.sqrt()
    air = chest * torch.sigmoid((inner - 1) * 14)
    pleura = chest * torch.exp(-((inner - 1) / 0.06) ** 2) * _uniform(g, n, 0, 0.5)

    # Wide, dark lungs over low diaphragms, beside a narrow heart.
    wide = on["hyperinflation"] * _uniform(g, n, 0.06, 0.2)
    dark = std * (air * _uniform(g, n, 0.1, 0.7) + on["hyperinflation"] * lung * _uniform(g, n, 0, 0.5))

    # Volume loss, a wide heart and hyperinflation move pixels; the lost lung is hazy too.
    low, taper = torch.sigmoid((y - 0.35) * 12), ((1 - y) / 0.4).clamp(max=1)
    lost = _uniform(g, n, 0.08, 0.24)
    below = low * torch.sigmoid(((x - 0.5) * (2 * side - 1) - 0.06) * 30)
    dy = on["volume"] * lost * below * taper
    haze = on["volume"] * below * lung * _uniform(g, n, 0, 0.5)

    hx, hy = 0.53 + _uniform(g, n, -0.02, 0.02), 0.6 + _uniform(g, n, -0.03, 0.03)
    bulge = torch.exp(-_ellipse(x, y, hx, hy, 0.27, 0.24) ** 2)
    shrink = (on["heart"] * _uniform(g, n, 0.15, 0.45) - 2 * wide) * bulge
    dx = -(x - hx) * shrink
    dy = dy - (y - hy) * shrink.clamp_min(0) * 0.3 - wide * low * taper

    shade = 1 - (1 - opacity) * (1 - diffuse) * (1 - effusion) * (1 - nodule) * (1 - interstitial) * (1 - haze)
    patchy = 1 + _uniform(g, n, 0, 0.5) * (0.6 * _noise(g, n, 24) + 0.4 * _noise(g, n, 48))
    shade = (shade * patchy).clamp(0, 0.97)
    heart = on["heart"] * (bulge > 0.5).float()
    lungs = on["hyperinflation"] * lung.round()
    where = torch.stack((shade, heart, on["volume"] * below * (y < 0.9).float(), air, lungs)).amax(0)

    up = lambda m: F.interpolate(m[None], (h, w), mode="bilinear", align_corners=False)[0]
    identity = F.affine_grid(torch.eye(2, 3).expand(n, 2, 3), (n, 1, h, w), align_corners=False)
    grid = identity + 2 * torch.stack((up(dx), up(dy)), 3)
    moved = F.grid_sample(films[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
    shade, air, pleura, dark = up(shade), up(air), up(pleura), up(dark)
    moved = moved + 0.8 * air * (up(blurred) - moved).clamp(-1, 0.02) + pleura * std - dark
    # Structures stay faintly visible through a lesion, as ribs do.
    target = tissue + _uniform(g, n, 0.1, 0.5) * (moved - mean)
    return (moved + shade * (target - moved).clamp_min(-0.02)).clamp(0, 1), up(where)
