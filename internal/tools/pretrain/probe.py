"""Linear probes of an encoder, as internal/tools/evaluate has them: a quick look while it learns, never used for a gradient."""

import numpy as np
import torch
from scipy.stats import rankdata

import augment
import erase
import films
import lungs

SOURCES = films.DEV + ("kermany", "rsna_normal")
SIDE = 224
NORMALS = 1600  # of rsna_normal take part
FINDINGS = (("nih1000_64px", "Cardiomegaly"), ("nih1000_64px", "Pneumothorax"), ("nih1000_64px", "Effusion"), ("nih_dev", "Atelectasis"), ("nih_dev", "Edema"))


def prepare(data, cache, segmenter):
    """The films to look at, with the boxes of their lungs."""
    out = {}
    for name in SOURCES:
        source = films.load(data, name, SIDE, cache)
        if name == "rsna_normal":
            source = films.Source(name, source.pixels[:NORMALS].numpy(), source.rows[:NORMALS])
        out[name] = source, lungs.of(segmenter, source, cache)[1]
    return out


def frames(box, margin):
    """Where a film is looked at: all of it, or its lungs and a margin."""
    if margin is None:
        box = torch.tensor([[0.0, 0, 1, 1]]).expand(len(box), 4)
        margin = 0.0
    return augment.frame(augment.around(box, margin))


@torch.no_grad()
def embed(encoder, pixels, box, margin, side, change=lambda x: (x,), batch=256):
    """Embeddings, float64, of films (n x h x w bytes); of each that change makes of them, variants x n x dim."""
    device = next(encoder.parameters()).device
    encoder.eval()
    theta, parts = frames(box, margin), []
    for i in range(0, len(pixels), batch):
        x = pixels[i:i + batch].to(device)[:, None].float() / 255
        x = augment.sample(x, theta[i:i + batch].to(device), side)
        parts.append(torch.stack([encoder(films.standardize(v)) for v in change(x)]))
    return torch.cat(parts, 1).double()


def raw(encoder, side, dev, margin):
    """Embeddings by source as they are, and of normal films under tones."""
    features = {name: embed(encoder, s.pixels, box, margin, side)[0] for name, (s, box) in dev.items()}
    some = [(dev[n][0].pixels[k], dev[n][1][k]) for n in ("kermany", "rsna_normal") for k in (erase.normals(dev[n][0])[:erase.FILMS],)]
    moved = torch.cat([embed(encoder, x, box, margin, side, erase.toned) for x, box in some], 1)
    return features, moved


def erased(features, moved, dev, tones):
    picks = [erase.normals(dev[n][0]) for n in ("kermany", "rsna_normal")]
    n = min(map(len, picks))
    children, adults = (features[name][k[:n]] for name, k in zip(("kermany", "rsna_normal"), picks))
    found = erase.fit(children, adults, moved, tones)
    return {name: erase.rid(v, *found) for name, v in features.items()}


def fitted(embed, tones, data, cache, segmenter):
    """What to take out of embeddings, by erase.fit. embed makes them of films, boxes and the change that makes variants."""
    some = []
    for name in ("kermany", "rsna_normal"):
        source = films.load(data, name, SIDE, cache)
        keep = erase.normals(source)[:NORMALS // 2].tolist()
        source = films.Source(name, source.pixels[keep].numpy(), [source.rows[i] for i in keep])
        some.append((source.pixels, lungs.of(segmenter, source, cache)[1]))
    n = min(len(x) for x, _ in some)
    children, adults = (embed(x[:n], box[:n])[0] for x, box in some)
    moved = torch.cat([embed(x[:erase.FILMS], box[:erase.FILMS], change=erase.toned) for x, box in some], 1)
    return erase.fit(children, adults, moved, tones)


def auc(score, label):
    rank, positive = rankdata(score), label.sum()
    return float((rank[label == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive)))


def fit(x, y, c=1.0):
    """Logistic regression with C = c / features on standardized features, by Newton's method: a function that scores rows."""
    mean, std = x.mean(0), x.std(0, unbiased=False)
    std = std.clamp_min(1e-2 * std.median())  # what hardly varies is rounding, which on a GPU goes by the place in the batch
    z = (x - mean) / std
    n, dim = z.shape
    c = c / dim
    start = torch.logit(y.mean())
    if n >= dim:
        z1 = torch.cat((z, torch.ones_like(z[:, :1])), 1)
        ridge = torch.ones(dim + 1, dtype=z.dtype, device=z.device)
        ridge[-1] = 0
        w = torch.zeros_like(ridge)
        w[-1] = start
        for _ in range(15):
            p = torch.sigmoid(z1 @ w)
            s = (p * (1 - p)).clamp_min(1e-9)
            step = torch.linalg.solve(c * (z1.T @ (z1 * s[:, None])) + torch.diag(ridge), c * (z1.T @ (p - y)) + ridge * w)
            w = w - step
            if step.abs().max() < 1e-7:
                break
        return lambda v: ((v - mean) / std) @ w[:-1]
    k, f = z @ z.T, start.expand(n).clone()
    for _ in range(15):
        p = torch.sigmoid(f)
        s = (p * (1 - p)).clamp_min(1e-6)
        u = torch.linalg.solve(k + torch.diag(1 / (c * s)), torch.stack((f + (y - p) / s, torch.ones_like(y)), 1))
        b = u[:, 0].sum() / u[:, 1].sum()
        a = u[:, 0] - b * u[:, 1]
        new = k @ a + b
        moved, f = (new - f).abs().max(), new
        if moved < 1e-6:
            break
    w = z.T @ a
    return lambda v: ((v - mean) / std) @ w


def grouped(patients, folds, seed):
    """The fold of each film; all films of a patient share one."""
    names = sorted(set(patients))
    fold = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % folds))
    return np.array([fold[p] for p in patients])


def cross_validated(x, y, patients, deals=5, folds=5):
    """Mean AUC over deals of patient-grouped cross-validation, scores pooled over the folds."""
    aucs, target = [], torch.from_numpy(y.astype(np.float64)).to(x.device)
    for seed in range(1, deals + 1):
        fold, score = grouped(patients, folds, seed), np.zeros(len(y))
        for f in range(folds):
            a, b = (torch.from_numpy(v).to(x.device) for v in (fold != f, fold == f))
            score[fold == f] = fit(x[a], target[a])(x[b]).cpu().numpy()
        aucs.append(auc(score, y))
    return float(np.mean(aucs))


def lines(features, dev, findings=False, deals=5):
    """The development figures by name."""
    out, label = {}, {n: s.abnormal for n, (s, _) in dev.items()}
    child = fit(features["kermany"], torch.from_numpy(label["kermany"]).double().to(features["kermany"].device))
    for name in films.DEV:
        out[name] = cross_validated(features[name], label[name], dev[name][0].patients, deals)
        out["kermany to " + name] = auc(child(features[name]).cpu().numpy(), label[name])
    if findings:
        for name, finding in FINDINGS:
            y = np.array([finding in f.split("|") for f in dev[name][0].findings]).astype(int)
            if y.sum() > 5:
                out[name + " " + finding] = cross_validated(features[name], y, dev[name][0].patients, 3)
    # How well normal films tell their source: odd ones, by which nothing was erased.
    odd = []
    for name in ("kermany", "rsna_normal"):
        k = torch.arange(1, len(dev[name][0]), 2)
        odd.append(features[name][k[torch.from_numpy(label[name])[k] == 0]])
    m = min(map(len, odd))
    x, y = torch.cat([v[:m] for v in odd]), np.repeat([0, 1], m)
    half = np.arange(2 * m) % 2 == 0
    a, b = (torch.from_numpy(v).to(x.device) for v in (half, ~half))
    out["source"] = auc(fit(x[a], torch.from_numpy(y[half]).double().to(x.device))(x[b]).cpu().numpy(), y[~half])
    return {k: round(v, 3) for k, v in out.items()}


def figures(encoder, side, dev):
    """A few of the ways to look at films and to erase."""
    out = {}
    for view, margin in (("whole", None), ("cut 15 %", 0.15)):
        features, moved = raw(encoder, side, dev, margin)
        out[view] = lines(erased(features, moved, dev, erase.TONES), dev, deals=2)
    return out
