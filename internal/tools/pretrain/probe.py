"""Linear probes of the encoder while it learns: a quick look, internal/tools/evaluate has the figures that count."""

import numpy as np
import torch
from scipy.stats import rankdata

import films

SOURCES = films.DEV + ("kermany", "rsna_normal")
SOME = 3  # of the last two, one film in so many


def embed(encoder, pixels, batch=64):
    encoder.eval()
    with torch.no_grad():
        x = pixels.unsqueeze(1)
        parts = [encoder(films.standardize(x[i:i + batch].float() / 255)) for i in range(0, len(x), batch)]
    return torch.cat(parts).double().numpy()


def auc(score, label):
    rank, positive = rankdata(score), label.sum()
    return (rank[label == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive))


def ridge(x, y, alpha):
    """A function that scores rows by ridge regression of y on standardized x."""
    mean, std = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / std
    k = z @ z.T  # dual form: never more films than features matter
    a = np.linalg.solve(k + alpha * np.eye(len(k)), y - y.mean()) if len(z) <= z.shape[1] else None
    w = z.T @ a if a is not None else np.linalg.solve(z.T @ z + alpha * np.eye(z.shape[1]), z.T @ (y - y.mean()))
    return lambda q: ((q - mean) / std) @ w


def grouped(patients, folds, seed):
    """The fold of each film; all films of a patient share one."""
    names = sorted(set(patients))
    fold = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % folds))
    return np.array([fold[p] for p in patients])


def cross_validated(x, y, patients, alpha, folds=5, repeats=4):
    """Mean AUC over repeats of patient-grouped cross-validation, scores pooled over the folds."""
    aucs = []
    for seed in range(repeats):
        fold, score = grouped(patients, folds, seed), np.zeros(len(y))
        for f in range(folds):
            score[fold == f] = ridge(x[fold != f], y[fold != f], alpha)(x[fold == f])
        aucs.append(auc(score, y))
    return float(np.mean(aucs))


def figures(encoder, sources):
    """The development figures by strength of the penalty and name."""
    features, abnormal = {}, {}
    for name, s in sources.items():
        some = slice(None, None, 1 if name in films.DEV else SOME)
        features[name], abnormal[name] = embed(encoder, s.pixels[some]), s.abnormal[some]
    lines = {}
    for alpha in (1e2, 1e3, 1e4):
        row = lines[f"{alpha:.0e}"] = {}
        score = ridge(features["kermany"], abnormal["kermany"], alpha)
        for name in films.DEV:
            row[name] = cross_validated(features[name], abnormal[name], sources[name].patients, alpha)
            row["kermany to " + name] = auc(score(features[name]), abnormal[name])
        # How well normal films tell their source: half to learn, half to test.
        normal = [features[n][abnormal[n] == 0] for n in ("kermany", "rsna_normal")]
        m = min(map(len, normal))
        x, y = np.concatenate([v[:m] for v in normal]), np.repeat([0, 1], m)
        half = np.arange(2 * m) % 2 == 0
        row["source"] = auc(ridge(x[half], y[half], alpha)(x[~half]), y[~half])
    return {a: {k: round(v, 3) for k, v in row.items()} for a, row in lines.items()}
