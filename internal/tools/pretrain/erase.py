"""Takes out of the embedding what a linear probe should not lean on: the machine's tone curve and the source.

The directions along which exposure moves the embedding of one and the same film are projected out (nuisance
attribute projection, Solomonoff et al. 2005), then the one that tells normal children from normal adults (LEACE, Belrose
et al. 2023, arXiv:2306.03819). Normal films of sources to pretrain on say which these are, every second one, so that
the others can tell whether it worked.
"""

import torch
from torch import nn

import augment
import films

TONES = 2  # directions of tone
FILMS = 320  # of each source, to see how tone moves them
SHRINKAGE = 1  # added to the variances of the standardized features


class Erased(nn.Module):
    """An encoder whose embedding is standardized and rid of some directions."""

    def __init__(self, encoder, mean, scale, read, write):
        super().__init__()
        self.encoder = encoder
        for name, v in (("mean", mean), ("scale", scale), ("read", read), ("write", write)):
            self.register_buffer(name, v.float())

    def forward(self, x):
        z = (self.encoder(x) - self.mean) * self.scale
        return z - (z @ self.read) @ self.write


def _embed(encoder, x):
    return torch.cat([encoder(films.standardize(part)) for part in x.split(64)]).double()


def _normals(source):
    """Every second film, of those the normal ones, n x 1 x side x side in 0..1."""
    pick = torch.arange(0, len(source), 2)
    pick = pick[torch.from_numpy(source.abnormal)[pick] == 0]
    return source.pixels[pick].unsqueeze(1).float() / 255


def erase(encoder, children, adults, seed=1):
    """The Erased encoder, by two Sources."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        groups = [_normals(s) for s in (children, adults)]
        n = min(map(len, groups))
        groups = [v[:n] for v in groups]
        embedded = torch.cat([_embed(encoder, v) for v in groups])
        mean, std = embedded.mean(0), embedded.std(0)
        scale = 1 / std.clamp_min(0.05 * std.median())
        z = (embedded - mean) * scale

        some = torch.cat([v[:FILMS] for v in groups])
        toned = torch.stack([_embed(encoder, augment.tone(some, g)) for _ in range(3)] + [_embed(encoder, some)])
        moved = ((toned - toned.mean(0)) * scale).flatten(0, 1)
        tones = torch.linalg.eigh(moved.T @ moved)[1][:, -TONES:]

        z = z - (z @ tones) @ tones.T
        apart = z[:n].mean(0) - z[n:].mean(0)
        covariance = torch.cov(z.T) + SHRINKAGE * torch.eye(z.shape[1], dtype=z.dtype)
        source = torch.linalg.solve(covariance, apart)
        source = source / (source @ apart)
        read = torch.cat((tones, (source - tones @ (tones.T @ source))[:, None]), 1)
        return Erased(encoder, mean, scale, read, torch.cat((tones.T, apart[None]))).eval()
