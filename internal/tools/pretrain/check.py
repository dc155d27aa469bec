"""Trains the film check of embed/local/lungs: is this a frontal chest film, upright, not mirrored, not inverted, with both lungs on it?

    python3 check.py --lungs lungs.pt --strangers strangers.npz --out check.pt

It learns from films turned, mirrored, inverted and cut here, so that every answer is known, from wild's lateral films, and from
what is no chest film: strangers.npz (`x`: n x h x w bytes, `group`: where each is from) and shapes made up in strangers.py.
One film in ten is held out to calibrate its answers: a temperature for each question.
"""

import argparse
import math
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import augment
import films
import lungs
import strangers
from dice import Dice

SIDE, BASE = 128, 160
KINDS = ("frontal", "lateral", "other")
ANSWERS = 3 + 4 + 1 + 1 + 1  # kind, turn by 0, 90, 180, 270 degrees, mirrored, inverted, cut


class Check(nn.Module):
    """n x 1 x 128 x 128 standardized films -> n x 10 logits."""

    def __init__(self, widths=(16, 32, 48, 64, 96)):
        super().__init__()
        w = widths
        self.stem = lungs._layer(1, w[0], 2, 5)
        self.down = nn.Sequential(*[nn.Sequential(lungs._layer(a, b, 2), lungs._layer(b, b)) for a, b in zip(w, w[1:])])
        self.out = nn.Linear(2 * w[-1] + 16 * 16, ANSWERS)  # means and maxima of the last maps; where things are in 16 channels
        self.squeeze = nn.Conv2d(w[-1], 16, 1)
        self.register_buffer("scale", torch.ones(ANSWERS))  # 1 / temperature

    def forward(self, x):
        x = self.down(self.stem(x))
        places = F.relu(self.squeeze(x))
        x = torch.cat((F.adaptive_avg_pool2d(x, 1).flatten(1), F.adaptive_max_pool2d(x, 1).flatten(1), F.adaptive_avg_pool2d(places, 4).flatten(1)), 1)
        return self.out(x) * self.scale


def turned(theta, turn, mirror):
    """The matrices of views turned counterclockwise by quarter turns, after they were mirrored."""
    n = len(theta)
    angle = turn.float() * (math.pi / 2)
    m = torch.stack((torch.stack((angle.cos(), -angle.sin()), 1), torch.stack((angle.sin(), angle.cos()), 1)), 1)
    flip = torch.diag_embed(torch.stack((1 - 2 * mirror.float(), torch.ones(n, device=theta.device)), 1))
    return torch.cat((theta[:, :, :2] @ flip @ m, theta[:, :, 2:]), 2)


def _look(n, d):
    """Whole films, cut a little here and there; three in ten are cut much."""
    much = d.some(n, 0.3)
    zoom = (1 - much) * torch.exp(d.uniform(n, math.log(0.8), math.log(1.25))) + much * torch.exp(d.uniform(n, math.log(0.3), math.log(0.9)))
    aspect = torch.exp(d.uniform(n, -0.15, 0.15))
    slack = (1 - zoom).abs() + 0.05
    return augment.affine(d.uniform(n, -0.17, 0.17), zoom * aspect, zoom / aspect, d.uniform(n, -1, 1) * slack, d.uniform(n, -1, 1) * slack)


class Sampler:
    def __init__(self, frontal, masks, lateral, others, device):
        self.frontal = [v.to(device) for v in frontal]
        self.masks = [v.to(device) for v in masks]
        self.lateral, self.others = lateral.to(device), others.to(device)
        self.device = device

    def draw(self, n, d):
        """n films with answers: x, kind (-1: not asked), turn, mirror, inverted, cut (-1: not asked)."""
        counts = [int(n * s) for s in (0.56, 0.06, 0.16, 0.06, 0.06, 0.04, 0.06)]
        x, mask = [], []
        for i, (f, m) in enumerate(zip(self.frontal, self.masks)):  # each source counts alike
            k = d.below(len(f), (counts[0] + i) // len(self.frontal))
            x.append(f[k])
            mask.append(m[k])
        x, mask = torch.cat(x)[:, None].float() / 255, torch.cat(mask).float().amax(1, keepdim=True) / 255
        n = len(x)
        turn, mirror = d.below(4, n) * (d.rand(n) < 0.6).long(), (d.rand(n) < 0.4).long()
        theta = turned(_look(n, d), turn, mirror)
        views = augment.sample(x, theta, SIDE)
        seen = augment.sample(mask, theta, 64).mean((1, 2, 3)) * torch.linalg.det(theta[:, :, :2]).abs()
        share = seen / mask.mean((1, 2, 3)).clamp_min(1e-3)
        kind = torch.where(share > 0.5, 0, torch.where(share < 0.1, 2, -1))
        cut = torch.where(share > 0.96, 0, torch.where(share < 0.85, 1, -1))
        inverted = (d.rand(n) < 0.35).long()
        inverted_ = inverted.view(-1, 1, 1, 1).float()
        views = inverted_ * (1 - views) + (1 - inverted_) * views
        asked = kind == 0
        parts = [(views, kind, torch.where(asked, turn, -1), torch.where(asked, mirror, -1), torch.where(asked, inverted, -1), torch.where(asked, cut, -1))]

        def add(v, k):
            m = len(v)
            none = torch.full((m,), -1, device=self.device)
            flip = d.some(m, 0.5).view(-1, 1, 1, 1)
            parts.append((flip * (1 - v) + (1 - flip) * v, torch.full((m,), k, device=self.device), none, none, none, none))

        def some(pool, m, zoom):
            k = d.below(len(pool), m)
            z = torch.exp(d.uniform(m, math.log(zoom), math.log(1.15)))
            s = (1 - z).abs() + 0.03
            th = augment.affine(d.uniform(m, -0.2, 0.2), z, z, d.uniform(m, -1, 1) * s, d.uniform(m, -1, 1) * s)
            th = turned(th, d.below(4, m) * (d.rand(m) < 0.4).long(), (d.rand(m) < 0.5).long())
            return augment.sample(pool[k][:, None].float() / 255, th, SIDE)

        if len(self.lateral):
            add(some(self.lateral, counts[1], 0.7), 1)
        if len(self.others):
            add(some(self.others, counts[2], 0.35), 2)
        add(strangers.jigsaw(augment.sample(x[d.below(n, counts[3])], augment.whole(counts[3], d), SIDE), d), 2)
        add(strangers.bones(counts[4], SIDE, d), 2)
        add(strangers.slices(counts[5], SIDE, d), 2)
        add(strangers.patterns(counts[6], SIDE, d), 2)
        x, *answers = (torch.cat(p) for p in zip(*parts))
        return augment.exposure(x, d), answers


def losses(z, answers):
    kind, turn, mirror, inverted, cut = answers
    ce = lambda logits, y: F.cross_entropy(logits, y.clamp_min(0), reduction="none")
    bce = lambda logit, y: F.binary_cross_entropy_with_logits(logit, y.clamp_min(0).float(), reduction="none")
    out = {}
    for name, loss, y in (("kind", ce(z[:, :3], kind), kind), ("turn", ce(z[:, 3:7], turn), turn), ("mirror", bce(z[:, 7], mirror), mirror),
                          ("inverted", bce(z[:, 8], inverted), inverted), ("cut", bce(z[:, 9], cut), cut)):
        asked = (y >= 0).float()
        out[name] = (loss * asked).sum() / asked.sum().clamp_min(1)
    return out


GROUPS = {"kind": slice(0, 3), "turn": slice(3, 7), "mirror": slice(7, 8), "inverted": slice(8, 9), "cut": slice(9, 10)}


def calibrate(model, sampler, batches=12):
    """Gives each question the temperature under which held-out films are most likely."""
    with torch.no_grad():
        parts = [sampler.draw(512, Dice(10_000_000 + i, sampler.device)) for i in range(batches)]
        z = torch.cat([model(x) for x, _ in parts])
        answers = [torch.cat(a) for a in zip(*(p[1] for p in parts))]
        for i, (name, group) in enumerate(GROUPS.items()):
            best = min((float(losses(z * s, answers)[name]), s) for s in torch.exp(torch.linspace(-1.5, 1.0, 101)).tolist())
            model.scale[group] = best[1]
            print("calibration of", name, "scale %.2f, loss %.4f" % best[::-1])


def load(path):
    model = Check()
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])
    return model.eval()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", default="../../../../shared/data")
    p.add_argument("--cache", default="cache")
    p.add_argument("--lungs", default="lungs.pt")
    p.add_argument("--strangers", default="strangers.npz")
    p.add_argument("--out", default="check.pt")
    p.add_argument("--steps", type=int, default=3000)
    p.add_argument("--batch", type=int, default=384)
    p.add_argument("--rate", type=float, default=3e-3)
    p.add_argument("--minutes", type=float, default=float("inf"))
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    o = p.parse_args()
    torch.manual_seed(1)
    segmenter = lungs.load(o.lungs).to(o.device)
    frontal, masks, held_frontal, held_masks = [], [], [], []
    lateral = None
    for name in films.PRETRAIN:
        source = films.load(o.data, name, BASE, o.cache)
        if name == films.WILD:
            laterals = source.where(lambda r: r["view"] == "L")
            patients = sorted(set(laterals.patients))
            out = set(patients[::4])
            lateral = [laterals.pixels[[i for i, q in enumerate(laterals.patients) if (q in out) == h]] for h in (False, True)]
            source = source.where(lambda r: r["view"] != "L" and r["role"] == "pretrain")
        m, _, found = lungs.of(segmenter, source, o.cache)
        keep = found.nonzero()[:, 0]
        tenth = keep % 10 == 7
        for pixels, mask, k in ((frontal, masks, keep[~tenth]), (held_frontal, held_masks, keep[tenth])):
            if len(k):
                pixels.append(source.pixels[k])
                mask.append(m[k])
    if not frontal or not held_frontal:
        raise SystemExit(f"{o.lungs} finds lungs on too few films to learn from")
    other, groups = strangers.load(o.strangers)
    if other.shape[1] != BASE and len(other):
        other = F.interpolate(other[:, None].float(), (BASE, BASE), mode="bilinear", antialias=True)[:, 0].round().byte()
    tenth = torch.arange(len(other)) % 10 == 7
    sampler = Sampler(frontal, masks, lateral[0], other[~tenth], o.device)
    held = Sampler(held_frontal, held_masks, lateral[1], other[tenth] if tenth.any() else other, o.device)
    print(sum(map(len, frontal)), "frontal films,", len(lateral[0]), "lateral,", len(other), "others", flush=True)

    model, average = Check().to(o.device, memory_format=torch.channels_last), Check().to(o.device)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.03)
    start, sums, step = time.time(), {}, 0
    while True:
        done = max(step / o.steps, (time.time() - start) / (60 * o.minutes))
        if done >= 1:
            break
        d = Dice(step, o.device)
        for g in optimizer.param_groups:
            g["lr"] = o.rate * min(1, (step + 1) / 200) * max(0.5 * (1 + math.cos(math.pi * done)), 0.003)
        x, answers = sampler.draw(o.batch, d)
        model.train()
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            z = model(x.contiguous(memory_format=torch.channels_last))
        parts = losses(z.float(), answers)
        optimizer.zero_grad()
        sum(parts.values()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        for k, v in parts.items():
            sums[k] = sums.get(k, 0) + v.detach()
        with torch.no_grad():
            keep = min(0.998, step / (step + 10))
            for a, b in zip(average.state_dict().values(), model.state_dict().values()):
                a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)
        step += 1
        if step % 250 == 0:
            print(step, round(time.time() - start), "s", {k: round(float(v) / 250, 4) for k, v in sums.items()}, flush=True)
            sums = {}
    average.eval()
    calibrate(average, held)
    torch.save({"model": {k: v.cpu() for k, v in average.state_dict().items()}, "steps": step}, o.out)


if __name__ == "__main__":
    main()
