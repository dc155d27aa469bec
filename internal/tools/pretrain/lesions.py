"""Synthetic lesions painted on normal films where their anatomy allows: a label that no source can betray.

The idea is that of foreign patch interpolation and cut-paste anomaly detection (Tan et al. 2020,
arXiv:2011.04197; Li et al. 2021, arXiv:2104.04015), with shapes made to look like what radiographs show: haze
that borrows the brightness of soft tissue, a meniscus, a wider heart, a smaller lung. Masks of the film's own lungs say
where these are; films whose lungs were not found are taken to have them where most do.
"""

import torch
from torch.nn import functional as F

KINDS = ("opacity", "diffuse", "effusion", "heart", "nodule", "interstitial", "volume", "pneumothorax", "hyperinflation")
COARSE = 64  # side of the maps that lesions are drawn on, and of the masks


def _uniform(d, n, low, high):
    return d.uniform(n, low, high).view(n, 1, 1)


def _noise(d, n, cells):
    """Smooth noise of mean 0 and deviation 1, about `cells` bumps across."""
    z = F.interpolate(d.randn(1, n, cells, cells), (COARSE, COARSE), mode="bicubic", align_corners=False)[0]
    return (z - z.mean((1, 2), keepdim=True)) / z.std((1, 2), keepdim=True)


def _ellipse(x, y, cx, cy, rx, ry):
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2


def _choose(d, n, normal):
    """Which kinds each film gets: none for 2 of 5 films, else one or two."""
    count = d.pick(torch.tensor([0.4, 0.4, 0.2], device=d.device), n)
    order = d.rand(n, len(KINDS)).argsort(1).argsort(1)
    return (order < count[:, None]).float() * normal.view(n, 1).float()


def _extent(mask, x, y):
    """Middle and half width and height of a mask, n x 64 x 64, as of an ellipse."""
    area = mask.sum((1, 2), keepdim=True).clamp_min(1)
    mean = lambda v: (mask * v).sum((1, 2), keepdim=True) / area
    cx, cy = mean(x), mean(y)
    return cx, cy, 2 * mean((x - cx) ** 2).sqrt() + 0.01, 2 * mean((y - cy) ** 2).sqrt() + 0.01


def paint(films, lungs, found, normal, d):
    """Paints lesions on those films (n x h x w in 0..1) that are normal.

    lungs are the masks, n x 2 x 64 x 64 in 0..1, of those whose lungs were found. Returns the films, which of KINDS each was given
    (n x kinds) and where they are (n x h x w in 0..1).
    """
    kinds = _choose(d, len(films), normal)
    painted, where = _paint(films, lungs, found, kinds, d)
    chosen = kinds.any(1).view(-1, 1, 1)
    return torch.where(chosen, painted, films), kinds, torch.where(chosen, where, torch.zeros_like(where))


def _paint(films, lungs, found, kinds, d):
    n, h, w = films.shape
    on = {k: kinds[:, i].view(n, 1, 1) for i, k in enumerate(KINDS)}
    axis = (torch.arange(COARSE, device=films.device) + 0.5) / COARSE
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    y, x = y.expand(n, -1, -1), x.expand(n, -1, -1)

    usual = torch.stack([torch.exp(-_ellipse(x, y, cx, 0.43, 0.17, 0.3) ** 2) for cx in (0.31, 0.69)], 1)
    lungs = torch.where(found.view(n, 1, 1, 1), lungs, usual)
    prior = lungs.amax(1)
    sides = [_extent(m, x, y) for m in (lungs[:, 0], lungs[:, 1])]
    middle = (sides[0][0] + sides[1][0]) / 2
    side = d.some(n, 0.5).view(n, 1, 1)
    chosen = lambda a, b: a + side * (b - a)
    cx, cy, rx, ry = (chosen(a, b) for a, b in zip(*sides))
    ox, oy, orx, ory = (chosen(b, a) for a, b in zip(*sides))  # the other lung
    mine, other = chosen(lungs[:, 0], lungs[:, 1]), chosen(lungs[:, 1], lungs[:, 0])
    outer = 2 * side - 1  # direction away from the middle

    coarse = F.interpolate(films[None], (COARSE, COARSE), mode="area")[0]
    blurred = F.avg_pool2d(coarse[None], 5, 1, 2)[0]
    body = F.avg_pool2d(prior[None], 15, 1, 7)[0].clamp(max=0.5) * 2  # lungs and what is near them
    weight = body.sum((1, 2), keepdim=True).clamp_min(1)
    mean = (body * blurred).sum((1, 2), keepdim=True) / weight
    std = ((body * (blurred - mean) ** 2).sum((1, 2), keepdim=True) / weight).sqrt() + 1e-3
    lung = prior * torch.sigmoid((mean + 0.3 * std - blurred) / (0.3 * std))
    tissue = mean + _uniform(d, n, 0.3, 1.3) * std  # the brightness that lesions tend to

    bx, by = cx + _uniform(d, n, -0.7, 0.7) * rx, cy + _uniform(d, n, -0.75, 0.75) * ry
    ragged = 0.5 * _noise(d, n, 8) + 0.3 * _noise(d, n, 16)
    blob = _ellipse(x, y, bx, by, rx * _uniform(d, n, 0.35, 1.2), ry * _uniform(d, n, 0.2, 0.8))
    blob = torch.sigmoid((1 - blob + ragged) * _uniform(d, n, 1.5, 5))
    opacity = on["opacity"] * blob * lung * _uniform(d, n, 0.3, 0.95)

    hila = [_ellipse(x, y, middle + s * 0.45 * (a[0] - middle).abs(), a[1] + 0.1 * a[3], 0.9 * a[2], 0.7 * a[3]) for s, a in zip((-1, 1), sides)]
    hilar = torch.exp(-0.5 * torch.minimum(*hila))
    spread = _uniform(d, n, 0, 1)
    diffuse = on["diffuse"] * lung * (hilar * (1 - spread) + spread) * _uniform(d, n, 0.25, 0.75)
    diffuse = diffuse * torch.sigmoid(1.0 + 1.2 * _noise(d, n, 7))

    # Fluid fills the lung from below and climbs along its outer wall.
    out = ((x - cx) * outer / rx).clamp(-1.2, 1.2)
    level = cy + ry * (_uniform(d, n, 0.05, 0.95) - _uniform(d, n, 0, 0.45) * out.clamp_min(0) ** 2)
    fluid = torch.sigmoid((y - level) / ry * _uniform(d, n, 6, 14)) * mine
    effusion = on["effusion"] * fluid * torch.sigmoid((tissue - blurred) / (0.3 * std)) * _uniform(d, n, 0.6, 1)

    nx, ny = ox + _uniform(d, n, -0.75, 0.75) * orx, oy + _uniform(d, n, -0.8, 0.8) * ory
    nr = _uniform(d, n, 0.1, 0.4) * orx
    nodule = on["nodule"] * torch.sigmoid((1 - _ellipse(x, y, nx, ny, nr, nr * _uniform(d, n, 0.7, 1.4)) + 0.2 * ragged) * 4)
    nodule = nodule * _uniform(d, n, 0.3, 0.9) * (other * lung).sqrt()

    mesh = torch.relu(_noise(d, n, 32)) * torch.sigmoid(_uniform(d, n, -0.5, 2) + 1.5 * _noise(d, n, 5))
    interstitial = on["interstitial"] * mesh * lung * _uniform(d, n, 0.15, 0.5)

    # Air around a smaller lung: dark, without vessels, beyond a fine line.
    kept = _uniform(d, n, 0.55, 0.93)
    sunk = cy + ry * _uniform(d, n, 0, 0.6) * (1 - kept)
    inner = _ellipse(x, y, cx - outer * rx * (1 - kept), sunk, rx * kept, ry * kept)
    chest = on["pneumothorax"] * (mine * lung).sqrt()
    air = chest * torch.sigmoid((inner - 1) * 14)
    pleura = chest * torch.exp(-((inner - 1) / 0.06) ** 2) * _uniform(d, n, 0, 0.5)

    # Wide, dark lungs over low diaphragms, beside a narrow heart.
    wide = on["hyperinflation"] * _uniform(d, n, 0.06, 0.2)
    dark = std * (air * _uniform(d, n, 0.1, 0.7) + on["hyperinflation"] * lung * _uniform(d, n, 0, 0.5))

    # Volume loss, a wide heart and hyperinflation move pixels; the lost lung is hazy too.
    top, bottom = torch.minimum(sides[0][1], sides[1][1]), torch.maximum(sides[0][1] + sides[0][3], sides[1][1] + sides[1][3])
    height = bottom - (2 * top - bottom)
    low, taper = torch.sigmoid((y - top + 0.1 * height) / height * 8), ((1.05 - y) / 0.4).clamp(0, 1)
    lost = _uniform(d, n, 0.12, 0.37) * height
    below = low * torch.sigmoid((x - middle) * outer * 30)
    dy = on["volume"] * lost * below * taper
    haze = on["volume"] * below * lung * _uniform(d, n, 0, 0.5)

    width = (sides[1][0] - sides[0][0]).abs().clamp_min(0.1)
    hx, hy = middle + width * (0.05 + _uniform(d, n, -0.05, 0.05)), top + height * _uniform(d, n, 0.22, 0.32)
    bulge = torch.exp(-_ellipse(x, y, hx, hy, 0.72 * width, 0.38 * height) ** 2)
    shrink = (on["heart"] * _uniform(d, n, 0.15, 0.45) - 2 * wide) * bulge
    dx = -(x - hx) * shrink
    dy = dy - (y - hy) * shrink.clamp_min(0) * 0.3 - wide * low * taper

    shade = 1 - (1 - opacity) * (1 - diffuse) * (1 - effusion) * (1 - nodule) * (1 - interstitial) * (1 - haze)
    patchy = 1 + _uniform(d, n, 0, 0.5) * (0.6 * _noise(d, n, 24) + 0.4 * _noise(d, n, 48))
    shade = (shade * patchy).clamp(0, 0.97)
    heart = on["heart"] * (bulge > 0.5).float()
    large = on["hyperinflation"] * lung.round()
    where = torch.stack((shade, heart, on["volume"] * below * mine, air, large)).amax(0)

    up = lambda m: F.interpolate(m[None], (h, w), mode="bilinear", align_corners=False)[0]
    identity = F.affine_grid(torch.eye(2, 3, device=films.device).expand(n, 2, 3), (n, 1, h, w), align_corners=False)
    grid = identity + 2 * torch.stack((up(dx), up(dy)), 3)
    moved = F.grid_sample(films[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
    shade, air, pleura, dark = up(shade), up(air), up(pleura), up(dark)
    moved = moved + 0.8 * air * (up(blurred) - moved).clamp(-1, 0.02) + pleura * std - dark
    # Structures stay faintly visible through a lesion, as ribs do.
    target = tissue + _uniform(d, n, 0.1, 0.5) * (moved - mean)
    return (moved + shade * (target - moved).clamp_min(-0.02)).clamp(0, 1), up(where)
