"""Writes metrics.json: figures by scikit-learn 1.2.1 (Debian's python3-sklearn).

    python3 metrics.py > metrics.json

Scores are made of integers (SplitMix64), so Go makes the same ones, bit for bit.
"""
import json
import sys

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score, roc_curve


def uniform(seed, n):
    """n multiples of 2^-24 in 0..1."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(float) / 2**24


def case(n, steps):
    p = np.floor(uniform(1, n) * steps) / steps  # steps is a power of two; few steps make ties
    y = (uniform(2, n) < p * p).astype(int)
    fpr, tpr, _ = roc_curve(y, p, drop_intermediate=False)
    observed, predicted = calibration_curve(y, p, n_bins=10)
    return {
        "n": n, "steps": steps, "auc": roc_auc_score(y, p), "ap": average_precision_score(y, p),
        "brier": brier_score_loss(y, p), "log_loss": log_loss(y, p, eps=2.0**-52),
        "fpr": list(fpr), "tpr": list(tpr), "observed": list(observed), "predicted": list(predicted),
    }


json.dump([case(40, 16), case(500, 64), case(300, 1 << 20)], sys.stdout, separators=(",", ":"))
