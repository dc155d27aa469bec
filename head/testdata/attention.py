"""Makes attention.json: what head.Attention should find, by SciPy's BFGS on the
loss as its documentation states it."""
import json
import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

rng = np.random.default_rng(4)
films, tokens, dim, sharpness, c = 40, 3, 4, 2.0, 0.7
x = rng.normal(1, 2, (films, tokens, dim)).astype(np.float32).astype(float)
place = rng.integers(tokens, size=films)
y = rng.integers(2, size=films).astype(float)
x[np.arange(films), place, 0] += 3
x[np.arange(films), place, 1] += 3 * y
x = x.astype(np.float32).astype(float)
mean, scale = x.mean(1).mean(0), 1 / x.mean(1).std(0)
z = (x - mean) * scale
within = ((z - z.mean(1, keepdims=True)) ** 2).sum(2).mean(1).mean()


def odds(p, query):
    share = z @ query
    share = np.exp(share - logsumexp(share, axis=1, keepdims=True))
    return (share * (z @ p[:dim])).sum(1) + p[-1]


def loss(p):
    query = p[dim : 2 * dim]
    s = np.where(y > 0, -1, 1) * odds(p, query)
    return c * np.logaddexp(0, s).sum() + (p[:dim] ** 2).sum() / 2 + c * within * (query**2).sum() / (2 * sharpness**2)


means = minimize(lambda p: loss(np.concatenate([p[:dim], np.zeros(dim), p[-1:]])), np.zeros(dim + 1), method="BFGS", options={"gtol": 1e-9})
start = np.concatenate([means.x[:dim], np.zeros(dim), means.x[-1:]])
# small steps at first, so as not to leap into another valley
best = minimize(loss, start, method="L-BFGS-B", options={"gtol": 1e-10, "ftol": 1e-15, "maxiter": 10000})
best = minimize(loss, best.x, method="BFGS", options={"gtol": 1e-9, "maxiter": 10000})
json.dump({
    "c": c, "sharpness": sharpness, "tokens": tokens, "values": [f.ravel().tolist() for f in x], "positive": (y > 0).tolist(),
    "loss_of_means": round(float(means.fun), 9), "loss": round(float(best.fun), 9), "query": np.round(best.x[dim : 2 * dim], 6).tolist(),
    "weights": np.round(best.x[:dim], 6).tolist(), "log_odds": np.round(odds(best.x, best.x[dim : 2 * dim]), 6).tolist(),
}, open("attention.json", "w"))
print(means.fun, best.fun, best.x)
