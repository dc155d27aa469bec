"""Writes reference.json: what ONNX Runtime makes of ../mini.onnx and two films.

    python3 -m venv v && v/bin/pip install onnxruntime==1.32.0 && v/bin/python reference.py

The films are formulas, so that the test draws them again.
"""

import json

import numpy as np
import onnxruntime

SIDE = 160
y, x = np.mgrid[0:SIDE, 0:SIDE]
films = {"rings": (x * x + 3 * y * y) >> 5 & 255, "steps": (x >> 3) * 17 + (y >> 4) * 29 & 255}
out = {"side": SIDE, "outputs": {}}
session = onnxruntime.InferenceSession("../mini.onnx")
for name, film in films.items():
    v = film.astype(np.float64)
    v = ((v - v.mean()) / v.std()).astype(np.float32)[None, None]
    out["outputs"][name] = [float(f"{q:.7g}") for q in session.run(None, {"film": v})[0].ravel()]
with open("reference.json", "w") as f:
    json.dump(out, f)
    f.write("\n")
