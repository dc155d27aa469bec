"""Writes reference.json here and in ../../filmcheck/testdata: what ONNX Runtime makes of the model files and two films.

    python3 -m venv v && v/bin/pip install onnxruntime==1.32.0 && v/bin/python reference.py

The films are formulas, so that the tests draw them again.
"""

import json

import numpy as np
import onnxruntime

y, x = np.mgrid[0:128, 0:128]
films = {"rings": (x * x + 3 * y * y) >> 5 & 255, "steps": (x >> 3) * 17 + (y >> 4) * 29 & 255}
for model, folder in (("../lungs.onnx", "."), ("../../filmcheck/check.onnx", "../../filmcheck/testdata")):
    session = onnxruntime.InferenceSession(model)
    out = {}
    for name, film in films.items():
        v = film.astype(np.float64)
        v = ((v - v.mean()) / v.std()).astype(np.float32)[None, None]
        out[name] = [float(f"{q:.7g}") for q in session.run(None, {"film": v})[0].ravel()[::5 if "lungs" in model else 1]]
    with open(folder + "/reference.json", "w") as f:
        json.dump(out, f)
        f.write("\n")
