"""Writes a checkpoint's averaged weights, or the mean of several, as ONNX, in float16, with the preprocessing inside."""

import argparse
import json
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import films
from erase import erase
from network import Encoder


def load(*paths):
    """The encoder of a checkpoint, ready to embed, and its recipe; of several runs that parted late, the mean of their weights."""
    checkpoints = [torch.load(p, map_location="cpu") for p in paths]
    r = checkpoints[0]["recipe"]
    encoder = Encoder(r["stem"], r["widths"])
    mean = {k: torch.stack([c["average"][k].double() for c in checkpoints]).mean(0).to(v.dtype)
            for k, v in encoder.state_dict().items()}
    encoder.load_state_dict(mean)
    return encoder.eval(), r


def halve(model):
    """Stores float32 weights as float16, each behind a Cast that a loader folds away. Biases and scales stay."""
    graph, casts = model.graph, []
    for t in graph.initializer:
        values = numpy_helper.to_array(t)
        if values.dtype != np.float32 or values.ndim < 2:
            continue
        name, half = t.name, values.astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"initializer {name} does not fit float16")
        t.CopyFrom(numpy_helper.from_array(half, name + ".half"))
        casts.append(helper.make_node("Cast", [name + ".half"], [name], name=name + ".cast", to=TensorProto.FLOAT))
    nodes = casts + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoints", nargs="+")
    p.add_argument("--data", default="../../../../shared/data")
    p.add_argument("--cache", default="cache")
    p.add_argument("--out", default="../../../embed/local/mini/mini.onnx")
    p.add_argument("--name", default="cxrkit-mini-2")
    o = p.parse_args()

    encoder, recipe = load(*o.checkpoints)
    side = recipe["sides"][-1]
    encoder = erase(encoder, *(films.load(o.data, n, side, o.cache) for n in ("kermany", "rsna_normal")))
    film = torch.zeros(1, 1, side, side)
    torch.onnx.export(encoder, film, o.out, opset_version=13, input_names=["film"], output_names=["embedding"],
                      dynamic_axes={"film": {0: "films"}, "embedding": {0: "films"}})
    model = onnx.load(o.out)
    halve(model)
    preprocessing = {"name": o.name, "recipe": "standard/1", "width": side, "height": side, "channels": 1, "low": 0, "high": 1,
                     "per_image": True, "resize": "bilinear"}
    helper.set_model_props(model, {"cxrkit": json.dumps(preprocessing)})
    model.producer_name, model.producer_version, model.doc_string = "cxrkit", "", ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, o.out)
    print(o.out, os.path.getsize(o.out), "bytes,", recipe["widths"], "channels,", sorted({n.op_type for n in model.graph.node}))


if __name__ == "__main__":
    main()
