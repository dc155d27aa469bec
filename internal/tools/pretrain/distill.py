"""Teaches an encoder what several tell together: python3 distill.py. Goes on where its checkpoint stands.

Teachers see a film as it is, cut to its lungs; the student sees it cut, turned and exposed at random. What is asked are the
principal components of all that teachers tell when tone and source are out, as many as the student has features, turned to
lie as near as they can (orthogonal Procrustes) to what it says at the start: a linear probe cannot tell such a turn. The
thumbnail, in which all agree, is left out.
"""

import argparse
import functools
import hashlib
import json
import math
import os
import time

import torch
from torch import nn

import augment
import erase
import films
import lungs
import network
import probe
from dice import Dice
from recipe import Recipe
from train import KEPT, Sampler, follow, optimizer, painted, pretraining


def learned(z, erased):
    """Of embeddings, the learned features, rid of what erase.fit found."""
    return erase.rid(z, *erased)[:, :-network.THUMBNAIL ** 2]


def spread(z):
    """The deviation of each feature, none much less than most."""
    std = z.std(0)
    return std.clamp_min(0.05 * std.median())


@torch.no_grad()
def told(encoder, margins, side, fitted, pixels, box, cache, made):
    """What an encoder tells of films: the mean over cuts. fitted makes erase.fit's answer for a way to embed. Kept in the cache, by what they depend on."""
    weights = b"".join(v.cpu().numpy().tobytes() for v in encoder.state_dict().values())
    path = os.path.join(cache, f"told-{hashlib.sha256(weights + repr((margins, side, *made)).encode()).hexdigest()[:12]}.pt")
    if os.path.exists(path):
        return torch.load(path, map_location=pixels.device).double()
    total = 0
    for margin in margins:
        embed = functools.partial(probe.embed, encoder, margin=margin, side=side)
        z = learned(embed(pixels, box)[0], fitted(embed))
        total = total + z / spread(z)
    z = total / len(margins)
    z = (z / spread(z) / z.shape[1] ** 0.5).float()  # a wider teacher counts no more
    torch.save(z, f"{path}.{os.getpid()}")
    os.replace(f"{path}.{os.getpid()}", path)
    return z.double()


def turned(asked, start):
    """The first principal components of what is asked (n x any), turned towards the features at the start (n x dim). Their mean variance is 1."""
    asked, start = (v - v.mean(0) for v in (asked, start))
    asked = asked @ torch.linalg.eigh(asked.T @ asked)[1][:, -start.shape[1]:]
    left, _, right = torch.linalg.svd(asked.T @ start)
    asked = asked @ left @ right
    return (asked / asked.pow(2).mean().sqrt()).float()


class Student:
    """The encoder that learns, and the films it learns from: bytes, boxes and what teachers tell of them."""

    def __init__(self, o, device):
        self.options, self.step, self.device = o, 0, torch.device(device)
        segmenter = lungs.load(o.lungs).to(device)
        sampler = Sampler([pretraining(o.data, n, KEPT, o.cache) for n in films.PRETRAIN], segmenter, o.films, device, o.cache)
        parts = []
        for i in range(o.pool):
            batch, shown, *_ = painted(sampler, Dice(o.seed * 1_000_003 + 500_000 + i, device))
            parts.append(((shown * 255).round().byte(), batch.box))
        self.films, self.box = (torch.cat(p) for p in zip(*parts))

        def read(path):
            encoder, recipe = network.load(path)
            return encoder.to(device, memory_format=torch.channels_last), recipe

        fitted = lambda embed: probe.fitted(embed, o.tones, o.data, o.cache, segmenter)
        made = o.seed, o.pool, o.films, o.tones, device
        asked = [told(read(path)[0], o.margins, o.side, fitted, self.films, self.box, o.cache, made) for path in o.teachers]
        self.encoder, self.recipe = read(o.start)
        self.average = read(o.start)[0]
        embed = functools.partial(probe.embed, self.encoder, margin=o.margin, side=o.side)
        start = fitted(embed)
        z = learned(embed(self.films, self.box)[0], start)
        self.asked = turned(torch.cat(asked, 1), z / spread(z))
        self.erased, self.spread = [v.float() for v in start], spread(z).float()
        self.optimizer = optimizer(list(self.encoder.parameters()), o.decay)

    def state(self):
        return {"step": self.step, "recipe": {**self.recipe, "sides": (self.options.side,)},
                **{k: getattr(self, k).state_dict() for k in ("encoder", "average", "optimizer")}}

    def restore(self, state):
        self.step = state["step"]
        for k in ("encoder", "average", "optimizer"):
            getattr(self, k).load_state_dict(state[k])

    def unexplained(self, count=2000):
        """The share of what is asked that the averaged weights miss, of films seen as they are."""
        z = probe.embed(self.average, self.films[:count], self.box[:count], self.options.margin, self.options.side)[0]
        return float((self.say(z.float()) - self.asked[:count]).pow(2).mean())

    def say(self, z):
        return learned(z, self.erased) / self.spread

    def advance(self, done):
        """One step; its loss."""
        o = self.options
        d = Dice(o.seed * 1_000_003 + self.step, self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = o.rate * min(1, (self.step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * done))
        k = d.below(len(self.films), o.batch)
        meant, astray = augment.frame(augment.around(self.box[k], o.margin)), augment.cut(self.box[k], d, o.margin - 0.1, o.margin + 0.1, 0)
        theta = torch.lerp(meant, astray, o.astray * d.rand(o.batch).view(-1, 1, 1))
        x = augment.sample(self.films[k][:, None].float() / 255, theta, o.side)
        seen = films.standardize(x)
        if o.exposed:
            seen = torch.where(d.some(o.batch, o.exposed).view(-1, 1, 1, 1) > 0, augment.exposure(x, d, stamps=False), seen)
        seen = seen.contiguous(memory_format=torch.channels_last)

        self.encoder.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            maps = self.encoder.maps(seen)
        z = self.say(self.encoder.pool(seen, [m.float() for m in maps]))
        loss = (z - self.asked[k]).pow(2).mean()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.encoder.parameters(), 5)
        self.optimizer.step()
        follow(self.average, self.encoder, self.step)
        self.step += 1
        return loss.detach()


def parse():
    numbers = lambda kind: lambda s: tuple(kind(v) for v in s.split(","))
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--start", required=True, help="checkpoint that the student goes on from")
    p.add_argument("--teachers", required=True, type=numbers(str), help="checkpoints")
    p.add_argument("--margins", default=(0.1, 0.2), type=numbers(float), help="around the lungs that teachers are shown, shares of their box; embeddings of all are averaged")
    p.add_argument("--margin", type=float, default=0.2, help="that the student is meant for")
    p.add_argument("--astray", type=float, default=0.5, help="how far from there it is shown films, at most; 1: as far as in train.py")
    p.add_argument("--tones", type=int, default=3, help="directions of tone taken out of each")
    p.add_argument("--data", default="../../../../shared/data")
    p.add_argument("--lungs", default="lungs.pt")
    p.add_argument("--cache", default="cache")
    p.add_argument("--out", default="distilled", help="folder of checkpoint and log; an interrupted run goes on from there")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--side", type=int, default=160)
    p.add_argument("--films", default=Recipe.films, type=numbers(int), help="of each source in a draw")
    p.add_argument("--pool", type=int, default=120, help="draws that make the films to learn from")
    p.add_argument("--batch", type=int, default=384)
    p.add_argument("--steps", type=int, default=5000)
    p.add_argument("--rate", type=float, default=5e-4)
    p.add_argument("--decay", type=float, default=Recipe.decay)
    p.add_argument("--exposed", type=float, default=0.0, help="share of views that are exposed anew")
    p.add_argument("--within", type=float, default=float("inf"), help="skip steps, evenly, to be through in so many minutes, what teachers take among them")
    p.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--threads", type=int, default=1)
    return p.parse_args()


def main():
    o = parse()
    began = time.monotonic()
    torch.set_num_threads(o.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = True
    os.makedirs(o.out, exist_ok=True)
    checkpoint = os.path.join(o.out, "checkpoint.pt")
    student = Student(o, o.device)
    if os.path.exists(checkpoint):
        student.restore(torch.load(checkpoint, map_location=o.device))
    with open(os.path.join(o.out, "log.jsonl"), "a") as log:
        def tell(line):
            line = json.dumps({"step": student.step, "seconds": round(time.monotonic() - began, 1), **line})
            print(line, file=log, flush=True)
            print(line, flush=True)

        tell({"unexplained": round(student.unexplained(), 4)})
        begun, total, count = time.monotonic(), 0, 0
        done = lambda: max(student.step / max(1, o.steps), (time.monotonic() - begun) / max(1, 60 * o.within - (begun - began)))
        while student.step < o.steps and (now := done()) < 1:
            total, count = total + student.advance(now), count + 1
            if student.step % o.every == 0 or done() >= 1:
                torch.save(student.state(), checkpoint + ".part")
                os.replace(checkpoint + ".part", checkpoint)
                tell({"loss": round(float(total) / count, 4)})
                total, count = 0, 0
        tell({"unexplained": round(student.unexplained(), 4)})


if __name__ == "__main__":
    main()
