"""Fits a logistic regression so many times with scikit-learn on one thread; writes the coefficients, prints a dash
and the CPU seconds."""
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

times, features, classes, dim, c, out = sys.argv[1:]
x = numpy.fromfile(features, "<f4").reshape(-1, int(dim)).astype(float)
y = numpy.fromfile(classes, "u1")
model = LogisticRegression(C=float(c), max_iter=10000)
start = time.process_time()
for _ in range(int(times)):
    model.fit(x, y)
print("-", time.process_time() - start)
numpy.append(model.coef_[0], model.intercept_).tofile(out)
