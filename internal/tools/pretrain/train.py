"""Pretrains the encoder: python3 train.py. Goes on where its checkpoint stands; seed, device and threads fix the weights."""

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
import lungs
import probe
import recipe
from borrow import borrow
from dice import Dice
from losses import Heads, losses
from network import Encoder

KEPT = 224  # side of the films that views are cut from


class Batch(NamedTuple):
    films: torch.Tensor  # n x side x side in 0..1
    abnormal: torch.Tensor  # 1, 0 or not known
    known: torch.Tensor  # whether it is
    source: torch.Tensor  # place in films.PRETRAIN
    pneumonia: torch.Tensor  # of kermany: 0 none, 1 bacterial, 2 viral
    lungs: torch.Tensor  # masks, n x 2 x 64 x 64 in 0..1
    box: torch.Tensor  # of the lungs, n x 4
    found: torch.Tensor  # whether they were


def pretraining(data, name, side, cache):
    """The Source of films to learn from: of wild, frontal ones that are no copies and may be used freely."""
    source = films.load(data, name, side, cache)
    if name == films.WILD:
        source = source.where(lambda r: r["role"] == "pretrain" and r["view"] != "L" and films.free(r))
    return source


class Sampler:
    """Batches with a fixed number of films of each source, half of kermany's normal."""

    def __init__(self, sources, segmenter, counts, device="cpu", cache=""):
        self.counts = counts
        self.films = [s.pixels.to(device) for s in sources]
        self.abnormal = [torch.from_numpy(s.abnormal).to(device) for s in sources]
        self.lungs = [[v.to(device) for v in lungs.of(segmenter, s, cache)] for s in sources]
        classes = {"Bacterial pneumonia": 1, "Viral pneumonia": 2}
        self.pneumonia = [torch.tensor([classes.get(f, 0) for f in s.findings]).to(device) for s in sources]
        self.normal = self.abnormal[0].eq(0).nonzero()[:, 0]

    def draw(self, d):
        parts = []
        for i, n in enumerate(self.counts):
            if not n:
                continue
            pick = d.below(len(self.films[i]), n)
            if films.PRETRAIN[i] == "kermany":
                pick[: n // 2] = self.normal[d.below(len(self.normal), n // 2)]
            masks, box, found = (v[pick] for v in self.lungs[i])
            abnormal = self.abnormal[i][pick]
            parts.append((self.films[i][pick].float() / 255, abnormal, abnormal >= 0, torch.full_like(pick, i), self.pneumonia[i][pick],
                          masks.float() / 255, box, found))
        return Batch(*(torch.cat(p) for p in zip(*parts)))


def painted(sampler, d):
    """A batch, its films with borrowed tones or painted lesions, which lesions these are, where, and who lent tones."""
    batch = sampler.draw(d)
    normal = batch.abnormal == 0
    toned, lent = borrow(batch.films, batch.box, batch.source == 0, normal, d)
    films, kinds, where = lesions.paint(toned, batch.lungs, batch.found, normal & (lent < 0), d)
    return batch, films, kinds, where, lent


def optimizer(parameters, decay):
    """AdamW, by which matrices decay, and biases and normalizations do not."""
    return torch.optim.AdamW([{"params": [p for p in parameters if p.dim() > 1], "weight_decay": decay},
                              {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0}])


def follow(average, encoder, step):
    """Moves the average of the weights over steps towards those of the last step."""
    keep = min(0.999, step / (step + 20))
    with torch.no_grad():
        pairs = list(zip(average.state_dict().values(), encoder.state_dict().values()))
        a, b = zip(*(p for p in pairs if p[0].is_floating_point()))
        torch._foreach_lerp_(a, b, 1 - keep) if hasattr(torch, "_foreach_lerp_") else [x.lerp_(y, 1 - keep) for x, y in zip(a, b)]
        for x, y in pairs:
            if not x.is_floating_point():
                x.copy_(y)


class Trainer:
    def __init__(self, r, device="cpu", compiled=False):
        self.recipe, self.step, self.device = r, 0, torch.device(device)
        make = lambda: Encoder(r.stem, r.widths, r.depths).to(self.device, memory_format=torch.channels_last)
        self.encoder, self.average = make(), make()  # the average of the weights over steps
        self.average.load_state_dict(self.encoder.state_dict())
        self.heads = Heads(self.encoder.dim, r.widths[2]).to(self.device)
        self.maps = torch.compile(self.encoder.maps) if compiled else self.encoder.maps
        self.parameters = [p for m in (self.encoder, self.heads) for p in m.parameters()]
        self.optimizer = optimizer(self.parameters, r.decay)

    def state(self):
        return {"step": self.step, "recipe": dataclasses.asdict(self.recipe),
                **{k: getattr(self, k).state_dict() for k in ("encoder", "average", "heads", "optimizer")}}

    def restore(self, state):
        self.step = state["step"]
        for k in ("encoder", "average", "heads"):
            getattr(self, k).load_state_dict(state[k])
        if state["optimizer"]:  # restart.py has none
            self.optimizer.load_state_dict(state["optimizer"])

    def stage(self, done):
        """The stage of the step to come, by how much of the work is done, 0..1; None after the last."""
        if done >= 1:
            return None
        first, total = 0, sum(self.recipe.steps)
        for i, steps in enumerate(self.recipe.steps):
            first += steps
            if done < first / total:
                return i
        return None

    def views(self, sampler, side, d):
        """Two views of each film of a batch, the batch, which lesions were painted, who lent tones, and where the first view
        shows the lesions."""
        batch, shown, kinds, where, lent = painted(sampler, d)
        n, look = len(shown), []
        for share in self.recipe.cuts:
            near = (d.rand(n) < share).view(n, 1, 1)
            look.append(torch.where(near, augment.cut(batch.box, d), augment.whole(n, d)))
        first = augment.sample(torch.stack((shown, where), 1), look[0], side)
        second = augment.sample(shown.unsqueeze(1), look[1], side)
        return [augment.exposure(first[:, :1], d), augment.exposure(second, d)], batch, kinds, lent, first[:, 1:]

    def advance(self, sampler, side, done):
        """One step; its losses by name."""
        d = Dice(self.recipe.seed * 1_000_003 + self.step, self.device)
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout's
        fall = 0.5 * (1 + math.cos(math.pi * done))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate * min(1, (self.step + 1) / 200) * fall

        views, batch, kinds, lent, where = self.views(sampler, side, d)
        self.encoder.train()
        seen = torch.cat(views).contiguous(memory_format=torch.channels_last)
        parts = losses(self.recipe, self.recipe.agree[self.stage(done)], self.maps, self.encoder.pool, self.heads, seen, batch, kinds, lent, where)
        self.optimizer.zero_grad()
        sum(parts.values()).backward()
        nn.utils.clip_grad_norm_(self.parameters, 5)
        self.optimizer.step()

        follow(self.average, self.encoder, self.step)
        self.step += 1
        return {k: v.detach() for k, v in parts.items()}


def main():
    r, o = recipe.parse(__doc__)
    device = o.device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(o.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(r.seed)
    os.makedirs(o.out, exist_ok=True)
    checkpoint = os.path.join(o.out, "checkpoint.pt")
    trainer = Trainer(r, device, o.compile > 0)
    if os.path.exists(checkpoint):
        trainer.restore(torch.load(checkpoint, map_location=device))

    segmenter = lungs.load(o.lungs).to(device)
    sampler = Sampler([pretraining(o.data, n, KEPT, o.cache) for n in films.PRETRAIN], segmenter, r.films, device, o.cache)
    dev = probe.prepare(o.data, o.cache, segmenter) if o.figures >= 0 else None
    total, sums, count = sum(r.steps), {}, 0
    start = time.monotonic()
    end = start + 60 * o.minutes
    done = lambda: max(trainer.step / total, (time.monotonic() - start) / (60 * o.within))
    with open(os.path.join(o.out, "log.jsonl"), "a") as log:
        while time.monotonic() < end:
            now = done()
            stage = trainer.stage(now)
            if stage is None:
                break
            for k, v in trainer.advance(sampler, r.sides[stage], now).items():
                sums[k] = sums.get(k, 0) + v
            count += 1
            last = trainer.stage(done()) is None
            if trainer.step % o.every == 0 or last:
                torch.save(trainer.state(), checkpoint + ".part")
                os.replace(checkpoint + ".part", checkpoint)
                line = {"step": trainer.step, "side": r.sides[stage], "seconds": round(time.monotonic() - start, 1),
                        "losses": {k: round(float(v) / count, 4) for k, v in sums.items()}}
                if o.figures > 0 and trainer.step % o.figures == 0 or o.figures >= 0 and last:
                    line["figures"] = probe.figures(trainer.average, r.sides[-1], dev)
                print(json.dumps(line), file=log, flush=True)
                print(json.dumps(line), flush=True)
                sums, count = {}, 0


if __name__ == "__main__":
    main()
