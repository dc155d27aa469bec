"""Pretrains the encoder: python3 train.py. Goes on where its checkpoint stands; seed and threads fix the weights."""

import dataclasses
import json
import math
import os
import time
from typing import NamedTuple

import torch
from torch import nn

import augment
import films
import lesions
import probe
import recipe
from borrow import borrow
from losses import Heads, losses
from network import Encoder


class Batch(NamedTuple):
    films: torch.Tensor  # n x side x side in 0..1
    abnormal: torch.Tensor  # 0 or 1
    source: torch.Tensor  # place in films.PRETRAIN
    pneumonia: torch.Tensor  # of kermany: 0 none, 1 bacterial, 2 viral


class Sampler:
    """Batches with a fixed number of films of each source, half of kermany's normal."""

    def __init__(self, sources, counts):
        self.counts = counts
        self.films = [s.pixels for s in sources]
        self.abnormal = [torch.from_numpy(s.abnormal) for s in sources]
        classes = {"Bacterial pneumonia": 1, "Viral pneumonia": 2}
        self.pneumonia = [torch.tensor([classes.get(f, 0) for f in s.findings]) for s in sources]
        self.normal = self.abnormal[0].eq(0).nonzero()[:, 0]

    def draw(self, g):
        parts = []
        for i, n in enumerate(self.counts):
            pick = torch.randint(0, len(self.films[i]), (n,), generator=g)
            if films.PRETRAIN[i] == "kermany":
                pick[: n // 2] = self.normal[torch.randint(0, len(self.normal), (n // 2,), generator=g)]
            parts.append((self.films[i][pick].float() / 255, self.abnormal[i][pick], torch.full((n,), i), self.pneumonia[i][pick]))
        return Batch(*(torch.cat(p) for p in zip(*parts)))


class Trainer:
    def __init__(self, r):
        self.recipe, self.step = r, 0
        self.encoder = Encoder(r.stem, r.widths).to(memory_format=torch.channels_last)
        self.average = Encoder(r.stem, r.widths).to(memory_format=torch.channels_last)  # of the weights over steps
        self.average.load_state_dict(self.encoder.state_dict())
        self.heads = Heads(self.encoder.dim, r.widths[2])
        self.parameters = [p for m in (self.encoder, self.heads) for p in m.parameters()]
        groups = [{"params": [p for p in self.parameters if p.dim() > 1], "weight_decay": r.decay},
                  {"params": [p for p in self.parameters if p.dim() <= 1], "weight_decay": 0}]
        self.optimizer = torch.optim.AdamW(groups)

    def state(self):
        return {"step": self.step, "recipe": dataclasses.asdict(self.recipe),
                **{k: getattr(self, k).state_dict() for k in ("encoder", "average", "heads", "optimizer")}}

    def restore(self, state):
        self.step = state["step"]
        for k in ("encoder", "average", "heads"):
            getattr(self, k).load_state_dict(state[k])
        if state["optimizer"]:  # restart.py has none
            self.optimizer.load_state_dict(state["optimizer"])

    def stage(self):
        """The stage of the step to come and how far it is, 0..1; None after the last."""
        first = 0
        for i, steps in enumerate(self.recipe.steps):
            if self.step < first + steps:
                return i, self.step - first
            first += steps
        return None

    @staticmethod
    def views(sampler, side, g):
        """Two views of each film of a batch, the batch, which lesions were painted, who lent tones, and where the first view shows the lesions."""
        batch = sampler.draw(g)
        normal = batch.abnormal == 0
        toned, lent = borrow(batch.films, batch.source == 0, normal, g)
        painted, kinds, where = lesions.paint(toned, normal & (lent < 0), g)
        first = augment.geometry(torch.stack((painted, where), 1), side, g)
        second = augment.geometry(painted.unsqueeze(1), side, g)
        return [augment.exposure(first[:, :1], g), augment.exposure(second, g)], batch, kinds, lent, first[:, 1:]

    def advance(self, sampler, side):
        """One step; its losses by name."""
        g = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout's
        stage, done = self.stage()
        fall = 0.5 * (1 + math.cos(math.pi * done / self.recipe.steps[stage]))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rates[stage] * min(1, (done + 1) / 200) * fall

        views, batch, kinds, lent, where = self.views(sampler, side, g)
        self.encoder.train()
        parts = losses(self.recipe, stage, self.encoder, self.heads, views, batch, kinds, lent, where)
        self.optimizer.zero_grad()
        sum(parts.values()).backward()
        nn.utils.clip_grad_norm_(self.parameters, 5)
        self.optimizer.step()

        keep = min(0.999, self.step / (self.step + 20))
        with torch.no_grad():
            for a, b in zip(self.average.state_dict().values(), self.encoder.state_dict().values()):
                a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)
        self.step += 1
        return {k: v.item() for k, v in parts.items()}


def main():
    r, o = recipe.parse(__doc__)
    torch.set_num_threads(o.threads)
    torch.manual_seed(r.seed)
    os.makedirs(o.out, exist_ok=True)
    checkpoint = os.path.join(o.out, "checkpoint.pt")
    trainer = Trainer(r)
    if os.path.exists(checkpoint):
        trainer.restore(torch.load(checkpoint))

    end = time.monotonic() + 60 * o.minutes
    side, sums = None, {}
    with open(os.path.join(o.out, "log.jsonl"), "a") as log:
        while trainer.stage() and time.monotonic() < end:
            if side != r.sides[trainer.stage()[0]]:
                side = r.sides[trainer.stage()[0]]
                # Larger than the network's input, for cutting.
                sampler = Sampler([films.load(o.data, n, side * 5 // 4, o.cache) for n in films.PRETRAIN], r.films)
                dev = {n: films.load(o.data, n, side, o.cache) for n in probe.SOURCES}
            for k, v in trainer.advance(sampler, side).items():
                sums[k] = sums.get(k, 0) + v / o.every
            if trainer.step % o.every == 0 or trainer.stage() is None:
                torch.save(trainer.state(), checkpoint + ".part")
                os.replace(checkpoint + ".part", checkpoint)
                line = {"step": trainer.step, "side": side, "losses": {k: round(v, 4) for k, v in sums.items()}}
                if trainer.step % (5 * o.every) == 0 or trainer.stage() is None:
                    line["figures"] = probe.figures(trainer.average, dev)
                print(json.dumps(line), file=log, flush=True)
                print(json.dumps(line), flush=True)
                sums = {}


if __name__ == "__main__":
    main()
