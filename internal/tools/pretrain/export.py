"""Writes what was trained as ONNX, in float16, with the preprocessing inside.

    python3 export.py encoder run/checkpoint.pt --margin 0.2 --beside mini2.onnx --out ../../../embed/local/mini/mini.onnx
    python3 export.py lungs lungs.pt --out ../../../embed/local/lungs/lungs.onnx
    python3 export.py check check.pt --out ../../../embed/local/filmcheck/check.onnx

Of an encoder it takes the averaged weights; of several checkpoints of runs that parted late, their mean.
"""

import argparse
import functools
import json
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import check
import erase
import lungs
import probe
import restart
from network import load

NAMES = {"encoder": "cxrkit-mini-4", "lungs": "cxrkit-lungs-1", "check": "cxrkit-check-1"}


def erased(encoder, side, margin, tones, data, cache, segmenter):
    """The encoder with its last linear step, fitted on films as it will see them."""
    embed = functools.partial(probe.embed, encoder, margin=margin, side=side)
    return erase.Erased(encoder, *probe.fitted(embed, tones, data, cache, segmenter)).eval()


class Pair(nn.Module):
    """Two encoders side by side."""

    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x):
        return torch.cat((self.first(x), self.second(x)), 1)


class Masks(nn.Module):
    """The segmenter with probabilities for logits."""

    def __init__(self, segmenter):
        super().__init__()
        self.segmenter = segmenter

    def forward(self, x):
        return torch.sigmoid(self.segmenter(x))


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
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=NAMES)
    p.add_argument("checkpoints", nargs="+")
    p.add_argument("--data", default="../../../../shared/data")
    p.add_argument("--cache", default="cache")
    p.add_argument("--lungs", default="lungs.pt", help="the segmenter, for an encoder")
    p.add_argument("--margin", type=float, default=-1, help="around the lungs that the encoder is shown, a share of their box; below 0: it is shown whole films")
    p.add_argument("--beside", default="", help="model file or checkpoint of another encoder, whose features are to come after")
    p.add_argument("--beside-tones", type=int, default=3)
    p.add_argument("--tones", type=int, default=erase.TONES, help="directions of tone taken out")
    p.add_argument("--out", required=True)
    p.add_argument("--name", default="")
    o = p.parse_args()

    side, output = lungs.SIDE, {"encoder": "embedding", "lungs": "masks", "check": "answers"}[o.what]
    if o.what == "encoder":
        net, recipe = load(*o.checkpoints)
        side, margin, segmenter = recipe["sides"][-1], None if o.margin < 0 else o.margin, lungs.load(o.lungs)
        net = erased(net, side, margin, o.tones, o.data, o.cache, segmenter)
        if o.beside:
            beside, _ = (restart.load if o.beside.endswith(".onnx") else load)(o.beside)
            net = Pair(net, erased(beside, side, margin, o.beside_tones, o.data, o.cache, segmenter)).eval()
    elif o.what == "lungs":
        net = Masks(lungs.load(o.checkpoints[0])).eval()
    else:
        net = check.load(o.checkpoints[0])
    film = torch.zeros(1, 1, side, side)
    torch.onnx.export(net, film, o.out, opset_version=13, input_names=["film"], output_names=[output],
                      dynamic_axes={"film": {0: "films"}, output: {0: "films"}})
    model = onnx.load(o.out)
    halve(model)
    preprocessing = {"name": o.name or NAMES[o.what], "recipe": "standard/1" if o.what == "encoder" else "", "width": side, "height": side,
                     "channels": 1, "low": 0, "high": 1, "per_image": True, "resize": "bilinear"}
    helper.set_model_props(model, {"cxrkit": json.dumps(preprocessing)})
    model.producer_name, model.producer_version, model.doc_string = "cxrkit", "", ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, o.out)
    print(o.out, os.path.getsize(o.out), "bytes,", sorted({n.op_type for n in model.graph.node}))


if __name__ == "__main__":
    main()
