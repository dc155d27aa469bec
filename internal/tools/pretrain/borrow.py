"""Broad tones of real pneumonia on normal films of other people: a label that no source can betray either.

What a lender's lungs show is laid over the lungs of who takes, box on box.
"""

import torch
from torch.nn import functional as F

import augment

CELLS, SIDE = 24, 96  # of the broad tones and of the cut they are taken from
MARGIN = 0.1
SHARE = 0.3  # of the normal films that borrow


def _inverse(theta):
    """Of matrices that only stretch and shift."""
    scale = 1 / torch.stack((theta[:, 0, 0], theta[:, 1, 1]), 1)
    return torch.cat((torch.diag_embed(scale), (-theta[:, :, 2] * scale)[:, :, None]), 2)


def borrow(films, box, kermany, normal, d):
    """Gives some normal films (n x h x w in 0..1) the broad tones of a film of kermany's, as they differ from the mean of its normal ones.

    Half of those that lend are sick and half are not, so that borrowing as such tells nothing. Returns the films and, for
    each, 1 if a sick film lent, 0 if a healthy one did and -1 if none did.
    """
    n = len(films)
    theta = augment.frame(augment.around(box, MARGIN))
    seen = augment.sample(films[:, None], theta, SIDE)
    mean, std = seen.mean((2, 3), keepdim=True), seen.std((2, 3), keepdim=True)
    broad = F.adaptive_avg_pool2d((seen - mean) / std.clamp_min(1e-3), CELLS)
    healthy, sick = (kermany & normal).float() + 1e-12, (kermany & ~normal).float() + 1e-12  # the least chance, where there is none
    usual = (healthy.view(-1, 1, 1, 1) * broad).sum(0) / healthy.sum()

    takes = normal & (d.rand(n) < SHARE)
    of = d.below(2, n)
    lender = torch.where(of > 0, d.pick(sick, n), d.pick(healthy, n))
    change = (broad[lender] - usual) * d.uniform(n, 0.4, 1).view(-1, 1, 1, 1)
    fade = torch.sin(torch.pi * (torch.arange(CELLS, device=films.device) + 0.5) / CELLS).clamp(max=0.4) / 0.4
    change = F.interpolate(change * fade[:, None] * fade, (SIDE, SIDE), mode="bicubic", align_corners=False)
    grid = F.affine_grid(_inverse(theta), (n, 1, *films.shape[1:]), align_corners=False)
    change = F.grid_sample(change, grid, align_corners=False)[:, 0]
    given = (films + change * std[:, 0]).clamp(0, 1)
    return torch.where(takes.view(-1, 1, 1), given, films), torch.where(takes, of, torch.full_like(of, -1))
