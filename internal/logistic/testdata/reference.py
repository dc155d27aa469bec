"""Writes reference.json: coefficients by scikit-learn 1.2.1 (Debian's python3-sklearn).

    python3 reference.py > reference.json

The films are made of integers (SplitMix64), so Go makes the same ones, bit for bit.
"""
import json
import sys
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")  # newton-cg goes on until its line search meets rounding


def uniform(seed, n):
    """n multiples of 2^-24 in -0.5..0.5."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(float) / 2**24 - 0.5


def films(n, dim):
    x = uniform(1, n * dim).reshape(n, dim)
    sign = np.where(np.arange(16) % 2, 1.0, -1.0)
    y = x[:, :16] @ sign + 2 * uniform(2, n) > 0
    weight = uniform(3, n) + 0.5
    return x, y, weight


def case(n, dim, weighted=False, **options):
    x, y, weight = films(n, dim)
    m = LogisticRegression(tol=1e-12, max_iter=100, **options)
    m.fit(x, y, sample_weight=weight if weighted else None)
    return {
        "n": n, "dim": dim, "weighted": weighted, "c": options["C"], "l1_ratio": options.get("l1_ratio", 0),
        "intercept": round(float(m.intercept_[0]), 9), "weights": [round(float(w), 9) for w in m.coef_[0]],
    }


newton = dict(solver="newton-cg")
saga = dict(solver="saga", penalty="elasticnet", random_state=0)
cases = [
    case(2000, 1376, C=1.0, **newton),
    case(2000, 1376, C=0.01, **newton),
    case(40, 300, C=1.0, **newton),
    case(300, 30, C=1.0, weighted=True, **newton),
    case(300, 30, C=1.0, l1_ratio=0.5, **saga),
    case(300, 30, C=0.3, l1_ratio=1.0, **saga),
    case(300, 30, C=0.3, l1_ratio=1.0, weighted=True, **saga),
]
json.dump(cases, sys.stdout, separators=(",", ":"))
