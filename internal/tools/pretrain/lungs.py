"""Trains the lung segmenter of embed/local/lungs on films with human masks: python3 lungs.py --out lungs.pt. Its masks serve train.py.

A film of 128 x 128 pixels gives two maps of 64 x 64: the lung on the film's left (the patient's right) and the one on its right,
with what lies behind heart and diaphragm. Sixty films are held out, by patient.
"""

import argparse
import hashlib
import io
import math
import os
import time
import zipfile

import numpy as np
import PIL.Image
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

import augment
import films
from dice import Dice

SIDE, GRID, BASE = 128, 64, 192  # of what it sees, of its masks and of the films that views are cut from
HELD = 60
LEAST = (0.015, 0.06)  # share of the film that the smaller lung, and both, must cover to count as found


def _layer(inputs, outputs, stride=1, kernel=3):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Segmenter(nn.Module):
    """A U-Net (Ronneberger et al. 2015): n x 1 x 128 x 128 standardized films -> n x 2 x 64 x 64 logits."""

    def __init__(self, widths=(16, 32, 48, 64, 64)):
        super().__init__()
        w = widths
        self.stem = _layer(1, w[0], 2, 5)
        self.down = nn.ModuleList([_layer(w[0], w[0])] + [nn.Sequential(_layer(a, b, 2), _layer(b, b)) for a, b in zip(w, w[1:])])
        self.up = nn.ModuleList([_layer(w[i] + w[i - 1], w[i - 1]) for i in range(len(w) - 1, 0, -1)])
        self.out = nn.Conv2d(w[0], 2, 1)

    def forward(self, x):
        x, skips = self.stem(x), []
        for step in self.down:
            x = step(x)
            skips.append(x)
        for step, skip in zip(self.up, skips[-2::-1]):
            x = step(torch.cat((F.interpolate(x, scale_factor=2, mode="nearest"), skip), 1))
        return self.out(x)


def halves(mask):
    """A binary mask as two: the lung on the film's left and the one on its right."""
    label, n = ndimage.label(mask)
    if n == 0:
        return np.zeros((2,) + mask.shape, bool)
    size = ndimage.sum(mask, label, range(1, n + 1))
    top = np.argsort(-size)[:2] + 1
    at = [ndimage.center_of_mass(label == t)[1] for t in top]
    if len(top) == 1 or size[top[1] - 1] < 0.05 * size[top[0] - 1]:
        x = np.arange(mask.shape[1])[None]
        return np.stack((mask & (x < at[0]), mask & (x >= at[0])))
    a, b = label == top[0], label == top[1]
    return np.stack((a, b) if at[0] < at[1] else (b, a))


def masked(data, cache):
    """The films of wild that have a mask, at BASE pixels, and their masks, n x 2 x BASE x BASE bytes."""
    source = films.load(data, films.WILD, BASE, cache).where(lambda r: r["lungs"] == "1")
    path = os.path.join(cache, "wild_lungs.npy")
    if not os.path.exists(path):
        with zipfile.ZipFile(os.path.join(data, "wild_lungs.zip")) as z:
            read = lambda r: PIL.Image.open(io.BytesIO(z.read(r["image_id"].replace(".jpg", ".png")))).convert("L")
            np.save(path, np.stack([halves(np.asarray(read(r).resize((BASE, BASE), PIL.Image.BILINEAR)) > 127) for r in source.rows]))
    return source, torch.from_numpy(np.load(path))


def held(source):
    """Places of HELD films, whole patients, not near copies of other sources; and of the films of other patients, to train on."""
    patients = sorted(set(source.patients))
    mine = {p: [i for i, q in enumerate(source.patients) if q == p] for p in patients}
    test = []
    for k in np.random.default_rng(7).permutation(len(patients)):
        films_of = mine[patients[k]]
        if len(test) + len(films_of) <= HELD and all(source.rows[i]["role"] == "pretrain" for i in films_of):
            test += films_of
    out = {source.patients[i] for i in test}
    return test, [i for i, p in enumerate(source.patients) if p not in out]


def views(x, masks, d):
    """Random views of films (n x BASE x BASE in 0..1): standardized n x 1 x 128 x 128, and their masks, n x 2 x 64 x 64."""
    n, one = len(x), lambda v: v.view(-1, 1, 1, 1)
    # Opacities, up to lungs gone white.
    inside = F.avg_pool2d(masks.amax(1, keepdim=True), 5, 1, 2)
    cells = d.whole(2, 9)
    noise = F.interpolate(d.randn(n, 1, cells, cells), x.shape[1:], mode="bicubic", align_corners=False)
    blob = torch.sigmoid((noise - one(d.uniform(n, 0, 1.5))) * 5) * inside * one(d.uniform(n, 0, 0.9) * d.some(n, 0.4))
    bright = one(x.flatten(1).quantile(0.85, 1))
    x = x.unsqueeze(1)
    x = x + blob * (bright - x)

    angle, zoom, aspect = d.uniform(n, -0.3, 0.3), torch.exp(d.uniform(n, math.log(0.62), math.log(1.45))), torch.exp(d.uniform(n, -0.2, 0.2))
    flip, slack = 1 - 2 * d.some(n, 0.5), (1 - zoom).abs() + 0.12
    theta = augment.affine(angle, flip * zoom * aspect, zoom / aspect, d.uniform(n, -1, 1) * slack * 0.8, d.uniform(n, -1, 1) * slack * 0.8)
    grid = F.affine_grid(theta, (n, 1, SIDE, SIDE), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode=("zeros", "border")[d.whole(0, 3) == 1], align_corners=False)
    m = F.grid_sample(masks, grid, align_corners=False)
    m = torch.where(one(flip) < 0, m.flip(1), m)
    inverted = one(d.some(n, 0.07))
    x = inverted * (1 - x) + (1 - inverted) * x
    return augment.exposure(x, d), F.avg_pool2d(m, SIDE // GRID)


def overlap(p, m):
    """Dice coefficient of each row."""
    p, m = p.flatten(1), m.flatten(1)
    return 2 * (p * m).sum(1) / (p.sum(1) + m.sum(1)).clamp_min(1e-6)


def predict(model, pixels, batch=256):
    """Probabilities n x 2 x 64 x 64 of films, n x h x w bytes of any size."""
    device = next(model.parameters()).device
    out = []
    with torch.no_grad():
        for part in pixels.split(batch):
            x = part.to(device)[:, None].float()
            if x.shape[2] != SIDE:
                x = F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
            out.append(torch.sigmoid(model(films.standardize(x / 255))).cpu())
    return torch.cat(out)


def judge(model, pixels, masks, coarse=False):
    """Dice of both lungs together, film by film, at BASE pixels; coarse: of films that went through 64 pixels."""
    if coarse:
        pixels = F.interpolate(pixels[:, None].float(), (64, 64), mode="bilinear", align_corners=False, antialias=True)[:, 0].round().byte()
    p = F.interpolate(predict(model, pixels), masks.shape[2:], mode="bilinear", align_corners=False) > 0.5
    return overlap(p.any(1).float(), masks.any(1).float())


def clean(p):
    """Masks 2 x 64 x 64 of probabilities: of each lung the largest piece."""
    out = np.zeros(p.shape, bool)
    for k in range(2):
        label, n = ndimage.label(p[k] > 0.5)
        if n:
            out[k] = label == 1 + np.argmax(ndimage.sum(p[k] > 0.5, label, range(1, n + 1)))
    out[1] &= ~out[0]
    return out


def boxes(p):
    """Of probabilities n x 2 x 64 x 64: the box of both lungs, x0, y0, x1, y1 in 0..1, and whether both were found. Else the box is the film."""
    box, found = np.tile(np.float32((0, 0, 1, 1)), (len(p), 1)), np.zeros(len(p), bool)
    for i, q in enumerate(p):
        m = clean(q)
        area = m.sum((1, 2)) / GRID ** 2
        if area.min() > LEAST[0] and area.sum() > LEAST[1]:
            r, c = np.where(m.any((0, 2)))[0], np.where(m.any((0, 1)))[0]
            box[i], found[i] = np.float32((c[0], r[0], c[-1] + 1, r[-1] + 1)) / GRID, True
    return torch.from_numpy(box), torch.from_numpy(found)


def of(model, source, cache=""):
    """Masks of a Source's films as bytes (n x 2 x 64 x 64 of 0..255), boxes and whether lungs were found. Kept in the cache, if there is one."""
    weights = hashlib.sha256(b"".join(v.detach().cpu().numpy().tobytes() for v in model.state_dict().values()))
    path = os.path.join(cache, f"{source.name}-{len(source)}-{source.pixels.shape[2]}-{weights.hexdigest()[:12]}.npz")
    if cache and os.path.exists(path):
        z = np.load(path)
        return tuple(torch.from_numpy(z[k]) for k in ("masks", "box", "found"))
    p = predict(model, source.pixels)
    masks, (box, found) = (p * 255).round().byte(), boxes(p.numpy())
    if cache:
        os.makedirs(cache, exist_ok=True)
        part = f"{path}.{os.getpid()}.npz"
        np.savez(part, masks=masks.numpy(), box=box.numpy(), found=found.numpy())
        os.replace(part, path)
    return masks, box, found


def load(path):
    state = torch.load(path, map_location="cpu")
    model = Segmenter(state["widths"])
    model.load_state_dict(state["model"])
    return model.eval()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--data", default="../../../../shared/data")
    p.add_argument("--cache", default="cache")
    p.add_argument("--out", default="lungs.pt")
    p.add_argument("--steps", type=int, default=2500)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--rate", type=float, default=3e-3)
    p.add_argument("--widths", default=(16, 32, 48, 64, 64), type=lambda s: tuple(map(int, s.split(","))))
    p.add_argument("--minutes", type=float, default=float("inf"), help="cut the schedule short so that it ends in time")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    o = p.parse_args()
    torch.manual_seed(1)
    source, masks = masked(o.data, o.cache)
    test, train = held(source)
    print(len(train), "films to train on,", len(test), "held out,", len({source.patients[i] for i in test}), "patients", flush=True)
    x, m = source.pixels[train].to(o.device), masks[train].to(o.device)
    model, average = Segmenter(o.widths).to(o.device, memory_format=torch.channels_last), Segmenter(o.widths).to(o.device)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    start, seen, step = time.time(), 0.0, 0
    while True:
        done = max(step / o.steps, (time.time() - start) / (60 * o.minutes))
        if done >= 1:
            break
        d = Dice(step, o.device)
        for g in optimizer.param_groups:
            g["lr"] = o.rate * min(1, (step + 1) / 100) * max(0.5 * (1 + math.cos(math.pi * done)), 0.003)
        k = d.below(len(x), o.batch)
        v, y = views(x[k].float() / 255, m[k].float(), d)
        model.train()
        with torch.autocast(v.device.type, dtype=torch.bfloat16):
            z = model(v.contiguous(memory_format=torch.channels_last))
        z = z.float()
        q = torch.sigmoid(z)
        both, sum_ = (q * y).sum((2, 3)), (q + y).sum((2, 3))
        loss = F.binary_cross_entropy_with_logits(z, y) + (1 - (2 * both + 1) / (sum_ + 1)).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        seen = seen + loss.detach()
        with torch.no_grad():
            keep = min(0.998, step / (step + 10))
            for a, b in zip(average.state_dict().values(), model.state_dict().values()):
                a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)
        step += 1
        if step % 250 == 0:
            average.eval()
            print(step, round(time.time() - start), "s, loss", round(float(seen) / 250, 4), "dice held out",
                  round(float(judge(average, source.pixels[test], masks[test]).mean()), 4), flush=True)
            seen = 0.0
    average.eval()
    torch.save({"model": {k: v.cpu() for k, v in average.state_dict().items()}, "widths": o.widths, "steps": step, "held": [source.rows[i]["image_id"] for i in test]}, o.out)
    for coarse in (False, True):
        dice = judge(average, source.pixels[test], masks[test], coarse)
        print("held out, by way of 64 pixels:" if coarse else "held out:", len(test), "films, dice mean %.4f, median %.4f, least %.4f" % (dice.mean(), dice.median(), dice.min()), flush=True)


if __name__ == "__main__":
    main()
