"""What the encoder is asked."""

import torch
from torch import nn
from torch.nn import functional as F

import lesions


class Heads(nn.Module):
    """Small networks on the embedding, thrown away after training."""

    def __init__(self, dim, width):
        super().__init__()
        self.lesion = nn.Linear(dim, len(lesions.KINDS))
        self.child = nn.Linear(dim, 3)
        self.abnormal = nn.Linear(dim, 1)
        self.lent = nn.Linear(dim, 1)
        self.place = nn.Conv2d(width, 1, 1)
        self.project = nn.Sequential(nn.Linear(dim, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 256))


def vicreg(a, b, source):
    """Variance-invariance-covariance regularization (Bardes et al. 2022, arXiv:2105.04906).

    Variance counts within a source only, so that telling the sources apart earns nothing.
    """
    loss = F.mse_loss(a, b)
    member = F.one_hot(source).float()
    for z in (a, b):
        z = z - member @ ((member.T @ z) / member.sum(0)[:, None].clamp_min(1))
        cov = z.T @ z / (len(z) - member.shape[1])
        loss = loss + 0.5 * F.relu(1 - (cov.diagonal() + 1e-4).sqrt()).mean()
        loss = loss + 0.02 * (cov.pow(2).sum() - cov.diagonal().pow(2).sum()) / z.shape[1]
    return loss


def losses(recipe, stage, encoder, heads, views, batch, kinds, lent, where):
    """The weighted losses by name. Views are two of each film, the first with the map of its lesions.

    The encoder computes in bfloat16, in half the time; what it is asked is counted in float32.
    """
    seen = torch.cat(views).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        maps = encoder.maps(seen)
    maps = [m.float() for m in maps]
    embedding = encoder.pool(seen, maps)
    projected = heads.project(embedding)
    dropped = F.dropout(embedding, 0.2)
    n = len(batch.source)
    twice = lambda v: torch.cat((v, v))
    normal, child, painted = twice(batch.abnormal == 0), twice(batch.source == 0), twice(kinds)
    lent, marked = twice(lent), painted.any(1)
    borrowed = lent >= 0
    sick = ~normal | marked | (lent == 1)
    asked = child & ~borrowed & ~marked  # neither is a pneumonia of kermany's
    paintable = normal & ~borrowed
    placed = paintable[:n]
    target = F.adaptive_avg_pool2d(where, maps[2].shape[2:])
    return {
        "agree": recipe.agree[stage] * vicreg(projected[:n], projected[n:], batch.source),
        "lesion": recipe.lesion * F.binary_cross_entropy_with_logits(heads.lesion(dropped[paintable]), painted[paintable]),
        "place": recipe.place * F.binary_cross_entropy_with_logits(heads.place(maps[2][:n])[placed], target[placed].clamp(0, 1)),
        "child": recipe.child * F.cross_entropy(heads.child(dropped[asked]), twice(batch.pneumonia)[asked]),
        "lent": recipe.lent * F.binary_cross_entropy_with_logits(heads.lent(dropped)[:, 0], lent.clamp_min(0).float(), borrowed.float()),
        "abnormal": recipe.abnormal * F.binary_cross_entropy_with_logits(heads.abnormal(dropped)[:, 0], sick.float()),
    }
