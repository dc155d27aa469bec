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
        self.project = nn.Sequential(nn.Linear(dim, 1024), nn.BatchNorm1d(1024), nn.ReLU(), nn.Linear(1024, 512))


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


def _over(loss, asked):
    """The mean loss of those that are asked; of none, 0."""
    asked = asked.float()
    loss = loss.flatten(1).mean(1) if loss.dim() > 1 else loss
    return (loss * asked).sum() / asked.sum().clamp_min(1)


def losses(recipe, agree, maps, pool, heads, seen, batch, kinds, lent, where):
    """The weighted losses by name. What is seen are two views of each film, the first with the map of its lesions.

    The encoder, maps, computes in bfloat16, in half the time; what it is asked is counted in float32.
    """
    with torch.autocast(seen.device.type, dtype=torch.bfloat16):
        found = maps(seen)
    found = [m.float() for m in found]
    embedding = pool(seen, found)
    projected = heads.project(embedding)
    dropped = F.dropout(embedding, 0.2)
    n = len(batch.source)
    twice = lambda v: torch.cat((v, v))
    known = twice(batch.known)  # whether normal or not
    normal, child, painted = twice(batch.abnormal == 0) & known, twice(batch.source == 0), twice(kinds)
    lent, marked = twice(lent), painted.any(1)
    borrowed = lent >= 0
    sick = ~normal | marked | (lent == 1)
    asked = child & ~borrowed & ~marked  # neither is a pneumonia of kermany's
    paintable = normal & ~borrowed
    target = F.adaptive_avg_pool2d(where, found[2].shape[2:])
    bce = F.binary_cross_entropy_with_logits
    return {
        "agree": agree * vicreg(projected[:n], projected[n:], batch.source),
        "lesion": recipe.lesion * _over(bce(heads.lesion(dropped), painted, reduction="none"), paintable),
        "place": recipe.place * _over(bce(heads.place(found[2][:n]), target.clamp(0, 1), reduction="none"), paintable[:n]),
        "child": recipe.child * _over(F.cross_entropy(heads.child(dropped), twice(batch.pneumonia), reduction="none"), asked),
        "lent": recipe.lent * _over(bce(heads.lent(dropped)[:, 0], lent.clamp_min(0).float(), reduction="none"), borrowed),
        "abnormal": recipe.abnormal * _over(bce(heads.abnormal(dropped)[:, 0], sick.float(), reduction="none"), known),
    }
