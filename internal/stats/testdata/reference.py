"""Numbers of independent implementations, for the tests of package stats.

Run with numpy, scipy, scikit-learn, statsmodels and crepes installed:
    python reference.py > reference.json
"""
import json

import numpy as np
import scipy.stats as st
import statsmodels.api as sm
from sklearn.covariance import LedoitWolf
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from statsmodels.nonparametric.smoothers_lowess import lowess
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

import crepes

rng = np.random.default_rng(19)
out = {}


def r(x):
    return [float(v) for v in np.asarray(x).ravel()]


# A share by patient: GEE with an independence structure and no link.
films = ["1110", "01", "1", "0000", "11", "101", "0", "1111111"]
y = [int(c) for f in films for c in f]
g = [k for k, f in enumerate(films) for _ in f]
fit = sm.GEE(y, np.ones((len(y), 1)), groups=g, family=sm.families.Gaussian()).fit()
out["ShareError"] = float(fit.bse[0])

# McNemar's exact test, and its mid-p value.
out["McNemar"] = []
for a, b in [(1, 8), (5, 5), (0, 3), (12, 4), (30, 51), (0, 1)]:
    p = mcnemar([[20, a], [b, 7]], exact=True).pvalue
    mid = p - st.binom.pmf(min(a, b), a + b, 0.5) if a != b else 1.0
    out["McNemar"].append({"OnlyA": a, "OnlyB": b, "Exact": float(p), "MidP": float(mid)})

# Corrections.
p = [0.001, 0.2, 0.03, 0.03, 0.0004, 0.9, 0.049, 0.012]
out["P"] = p
out["Holm"] = r(multipletests(p, method="holm")[1])
out["BenjaminiHochberg"] = r(multipletests(p, method="fdr_bh")[1])

# Isotonic regression, with many ties.
out["Isotonic"] = []
for n, levels in [(10, 3), (30, 6), (60, 10), (200, 25), (200, 1000)]:
    x = rng.integers(0, levels, n) / 4.0
    t = (rng.random(n) < (x + 0.5) / (levels / 4.0 + 1)).astype(float)
    if t.min() == t.max():
        t[0] = 1 - t[0]
    fitted = IsotonicRegression(out_of_bounds="clip").fit(x, t)
    at = np.unique(x)
    out["Isotonic"].append({"X": r(x), "Y": r(t), "At": r(at), "Fitted": r(fitted.predict(at))})

# Calibration: slope and intercept, their errors by patient, and figures.
n = 120
z = rng.normal(0, 2, n)
prob = 1 / (1 + np.exp(-z))
t = (rng.random(n) < 1 / (1 + np.exp(-(0.6 * z - 0.4)))).astype(int)
patient = np.sort(rng.integers(0, 50, n))
both = sm.Logit(t, sm.add_constant(z)).fit(disp=0, tol=1e-12, maxiter=200)
alone = sm.GLM(t, np.ones((n, 1)), family=sm.families.Binomial(), offset=z).fit(tol=1e-12)
groups = np.unique(patient).size
robust = sm.GEE(t, sm.add_constant(z), groups=patient, family=sm.families.Binomial()).fit(ctol=1e-12)
robust0 = sm.GEE(t, np.ones((n, 1)), groups=patient, offset=z, family=sm.families.Binomial()).fit(ctol=1e-12)
grid = np.linspace(0.05, 0.95, 19)
out["Calibration"] = {
    "Z": r(z), "Y": [int(v) for v in t], "Patient": [int(v) for v in patient], "Groups": int(groups),
    "Slope": float(both.params[1]), "InterceptWithSlope": float(both.params[0]), "Intercept": float(alone.params[0]),
    "SlopeError": float(robust.bse[1]), "InterceptError": float(robust0.bse[0]),
    "AUC": float(roc_auc_score(t, z)), "AUPRC": float(average_precision_score(t, z)),
    "Brier": float(brier_score_loss(t, prob)), "LogLoss": float(log_loss(t, prob)),
    "Grid": r(grid), "Curve": r(lowess(t, prob, frac=0.75, it=0, delta=0, xvals=grid)),
}

# Mondrian conformal sets (crepes): conformity is the probability of the class.
cal_z = rng.normal(0, 1.5, 80)
cal_y = (rng.random(80) < 1 / (1 + np.exp(-2 * cal_z))).astype(int)
test_z = np.linspace(-4, 4, 41)


def alphas(zz):
    pp = 1 / (1 + np.exp(-zz))
    return np.column_stack([pp, 1 - pp])  # nonconformity of class 0 and of class 1


cc = crepes.ConformalClassifier()
cc.fit(alphas(cal_z)[np.arange(80), cal_y], bins=cal_y)
low = np.column_stack([
    cc.predict_set(alphas(test_z), bins=np.zeros(41, int), confidence=0.9, smoothing=False)[:, 0],
    cc.predict_set(alphas(test_z), bins=np.ones(41, int), confidence=0.9, smoothing=False)[:, 1],
])
out["Conformal"] = {"Z": r(cal_z), "Y": [int(v) for v in cal_y], "Test": r(test_z), "Absent": [int(v) for v in low[:, 0]], "Present": [int(v) for v in low[:, 1]]}

# Shrunken covariance (Ledoit and Wolf), more features than films and fewer.
out["Novelty"] = []
for n, d in [(12, 20), (60, 8)]:
    x = (rng.normal(size=(n, d)) * np.linspace(0.5, 3, d)).astype(np.float32).astype(float)
    q = (3 * rng.normal(size=(5, d))).astype(np.float32).astype(float)
    lw = LedoitWolf().fit(x)
    out["Novelty"].append({"Films": n, "Dim": d, "X": r(x), "Query": r(q), "Shrinkage": float(lw.shrinkage_), "Distance": r(lw.mahalanobis(q))})

# Student's t and Fisher's F.
out["T"] = [{"P": p, "Freedom": f, "Quantile": float(st.t.ppf(p, f))} for p in (0.6, 0.975, 0.9995) for f in (1, 2.5, 9, 40.3, 1e6)]
out["F"] = [{"X": x, "Numerator": m, "Denominator": n, "Tail": float(st.f.sf(x, m, n))} for x in (0.1, 3.84, 25.0) for m, n in ((1, 9), (2, 40), (7, 3.5))]

# Expected calibration error of a head whose probabilities are right.
probs = rng.beta(1, 3, 93)
bins = np.clip(np.ceil(probs * 10).astype(int) - 1, 0, 9)
ys = rng.random((400000, 93)) < probs
off = np.zeros(len(ys))
for b in range(10):
    off += np.abs((probs[bins == b] - ys[:, bins == b]).sum(axis=1)) / 93
out["ECE"] = {"Probabilities": r(probs), "Expected": float(off.mean()), "Error": float(off.std() / np.sqrt(len(off)))}

# LeDell's cross-validated area, by the published code of R's cvAUC (ci.cvAUC)
# written anew: influence per fold, mean of squares.
k, n = 5, 100
yy = np.tile([1, 0, 0, 1, 0], 20)
fold = np.repeat(np.arange(k), 20)
ss = rng.normal(size=n) + yy
aucs, sq = [], []
for v in range(k):
    m = fold == v
    pos, neg = ss[m & (yy == 1)], ss[m & (yy == 0)]
    a = roc_auc_score(yy[m], ss[m])
    aucs.append(a)
    ic = np.concatenate([n / yy.sum() * (np.array([(neg < p).mean() for p in pos]) - a), n / (n - yy.sum()) * (np.array([(pos > q).mean() for q in neg]) - a)])
    sq.append((ic ** 2).mean())
out["CrossValidated"] = {"Y": [int(v) for v in yy], "Fold": [int(v) for v in fold], "Score": r(ss), "AUC": float(np.mean(aucs)), "Error": float(np.sqrt(np.mean(sq) / n))}

print(json.dumps(out, separators=(",", ":")))
