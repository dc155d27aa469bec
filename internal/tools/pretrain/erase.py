"""Takes out of the embedding what a linear probe should not lean on: the machine's tone curve and the source.

The directions along which exposure moves the embedding of one and the same film are projected out (nuisance
attribute projection, Solomonoff et al. 2005), then the one that tells normal children from normal adults (LEACE, Belrose
et al. 2023, arXiv:2306.03819). Normal films of sources to pretrain on say which these are, every second one, so that
the others can tell whether it worked.
"""

import torch
from torch import nn

import augment
from dice import Dice

TONES = 2  # directions of tone
FILMS = 600  # of each source, to see how tone moves them
CURVES = 5  # that each is seen through
SHRINKAGE = 1  # added to the variances of the standardized features


def rid(features, mean, scale, read, write):
    """Features standardized and rid of what fit found."""
    z = (features - mean) * scale
    return z - (z @ read) @ write


class Erased(nn.Module):
    """An encoder whose embedding is standardized and rid of some directions."""

    def __init__(self, encoder, mean, scale, read, write):
        super().__init__()
        self.encoder = encoder
        for name, v in (("mean", mean), ("scale", scale), ("read", read), ("write", write)):
            self.register_buffer(name, v.float())

    def forward(self, x):
        return rid(self.encoder(x), self.mean, self.scale, self.read, self.write)


def normals(source):
    """Places of every second film, of those the normal ones."""
    pick = torch.arange(0, len(source), 2)
    return pick[torch.from_numpy(source.abnormal)[pick] == 0]


def toned(x, seed=1):
    """The same films (n x 1 x side x side in 0..1) through several tone curves, the last one straight."""
    d = Dice(seed, x.device)
    for _ in range(CURVES):
        yield augment.tone(x, d)
    yield x


def fit(children, adults, moved, tones=TONES):
    """What to take out, by embeddings (float64) of as many normal children as adults, and of the same films under several tones: mean, scale, read, write."""
    n = len(children)
    embedded = torch.cat((children, adults))
    mean, std = embedded.mean(0), embedded.std(0)
    scale = 1 / std.clamp_min(0.05 * std.median())
    z = (embedded - mean) * scale
    moved = ((moved - moved.mean(0)) * scale).flatten(0, 1)
    directions = torch.linalg.eigh(moved.T @ moved)[1][:, moved.shape[1] - tones:]

    z = z - (z @ directions) @ directions.T
    apart = z[:n].mean(0) - z[n:].mean(0)
    covariance = torch.cov(z.T) + SHRINKAGE * torch.eye(z.shape[1], dtype=z.dtype, device=z.device)
    source = torch.linalg.solve(covariance, apart)
    source = source / (source @ apart)
    read = torch.cat((directions, (source - directions @ (directions.T @ source))[:, None]), 1)
    return mean, scale, read, torch.cat((directions.T, apart[None]))
