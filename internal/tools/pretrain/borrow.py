"""Broad tones of real pneumonia on normal films of other people: a label that no source can betray either."""

import torch
from torch.nn import functional as F

CELLS = 20  # side of the broad tones


def borrow(films, kermany, normal, g):
    """Gives some normal films (n x h x w in 0..1) the broad tones of a film of kermany's, as they differ from the mean of its normal ones.

    Half of those that lend are sick and half are not, so that borrowing as such tells nothing. Returns the films and, for
    each, 1 if a sick film lent, 0 if a healthy one did and -1 if none did.
    """
    lent = torch.full((len(films),), -1)
    lenders = [(kermany & normal).nonzero()[:, 0], (kermany & ~normal).nonzero()[:, 0]]
    takes = (normal & (torch.rand(len(films), generator=g) < 0.3)).nonzero()[:, 0]
    if not len(takes) or not all(map(len, lenders)):
        return films, lent
    lent[takes] = torch.randint(0, 2, (len(takes),), generator=g)
    mean, std = films.mean((1, 2), keepdim=True), films.std((1, 2), keepdim=True)
    broad = F.adaptive_avg_pool2d((films - mean) / std, CELLS)
    usual = broad[lenders[0]].mean(0)
    pick = [lenders[k][torch.randint(0, len(lenders[k]), (1,), generator=g)[0]] for k in lent[takes]]
    share = 0.4 + 0.6 * torch.rand(len(takes), 1, 1, generator=g)
    change = (broad[torch.stack(pick)] - usual) * share
    change = F.interpolate(change[None], films.shape[1:], mode="bicubic", align_corners=False)[0]
    films = films.clone()
    films[takes] = (films[takes] + change * std[takes]).clamp(0, 1)
    return films, lent
