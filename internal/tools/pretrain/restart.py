"""Makes a checkpoint of a model file that export.py wrote, for train.py to go on from.

A model file holds neither the heads nor the batch statistics: statistics are measured on films as the
encoder sees them while it learns, and heads are trained anew, on an encoder that stays as it is.
"""

import argparse
import os

import onnx
import torch
from onnx import numpy_helper

import films
import lungs
from dice import Dice
from network import Encoder
from recipe import Recipe
from train import KEPT, Sampler, Trainer, pretraining

MEASURED = 6  # batches
HEADS = 150  # steps


def normalized(encoder):
    """Each convolution before a normalization, with it, in the order of export."""
    yield encoder.stem[0], encoder.stem[1]
    for stage in encoder.stages:
        for block in stage:
            yield block.conv1, block.norm1
            yield block.conv2, block.norm2
            if len(list(block.shortcut.children())):
                yield tuple(block.shortcut)


def load(path):
    """The encoder of a model file, its normalizations folded into the convolutions before them, and its channels."""
    tensors = {t.name.removesuffix(".half"): torch.from_numpy(numpy_helper.to_array(t).copy()).float()
               for t in onnx.load(path).graph.initializer}
    named = {k: v for k, v in tensors.items() if k.startswith("encoder.")}
    # The exporter numbers what it folds: a weight, then its bias.
    folded = sorted((int(k.split("_")[-1]), v) for k, v in tensors.items() if k.startswith("onnx::Conv_"))
    weights, biases = ([v for _, v in folded[i::2]] for i in (0, 1))
    # A stage begins with a block that has a shortcut: two convolutions of 3 x 3 and one of 1 x 1.
    start = [i - 2 for i, w in enumerate(weights) if w.shape[2] == 1] + [len(weights)]
    channels = {"stem": len(weights[0]), "widths": tuple(len(weights[i]) for i in start[:-1]),
                "depths": tuple((b - a - 1) // 2 for a, b in zip(start, start[1:]))}
    encoder = Encoder(**channels).eval()
    _, unknown = encoder.load_state_dict({k.removeprefix("encoder."): v for k, v in named.items()}, strict=False)
    layers = list(normalized(encoder))
    if unknown or not len(weights) == len(biases) == len(layers):
        raise ValueError(f"{path} is not of this network")
    with torch.no_grad():
        for (conv, norm), weight, bias in zip(layers, weights, biases):
            conv.weight.copy_(weight)
            norm.weight.fill_(1)
            norm.bias.copy_(bias)
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
    return encoder, channels


def unfold(encoder, batches):
    """Gives normalizations the statistics of these films, and weights that leave the encoder as it was."""
    sums = {}
    hooks = [conv.register_forward_hook(
        lambda _, __, y, norm=norm: sums.setdefault(norm, []).append(torch.stack((y.mean((0, 2, 3)), y.pow(2).mean((0, 2, 3))))))
        for conv, norm in normalized(encoder)]
    with torch.no_grad():
        for x in batches:
            encoder(x)
        for h in hooks:
            h.remove()
        for norm, parts in sums.items():
            mean, square = torch.stack(parts).mean(0)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(square - mean ** 2)
            norm.weight.copy_((norm.running_var + norm.eps).sqrt())
            norm.bias.add_(mean)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("model")
    p.add_argument("--data", default="../../../../shared/data")
    p.add_argument("--lungs", default="lungs.pt")
    p.add_argument("--cache", default="cache")
    p.add_argument("--out", default="run")
    p.add_argument("--side", type=int, default=160, help="of the films, in pixels")
    p.add_argument("--step", type=int, default=0, help="where the model stands in its training")
    p.add_argument("--steps", type=int, default=HEADS, help="of training the heads")
    p.add_argument("--films", default=Recipe.films, type=lambda s: tuple(map(int, s.split(","))))
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--threads", type=int, default=1)
    o = p.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)

    encoder, channels = load(o.model)
    encoder.to(o.device)
    trainer = Trainer(Recipe(seed=o.seed, sides=(o.side,), steps=(o.steps,), agree=(1.0,), films=o.films, **channels), o.device)
    sampler = Sampler([pretraining(o.data, n, KEPT, o.cache) for n in films.PRETRAIN], lungs.load(o.lungs).to(o.device), o.films, o.device, o.cache)
    unfold(encoder, (torch.cat(trainer.views(sampler, o.side, Dice(i, o.device))[0]) for i in range(MEASURED)))
    for e in (trainer.encoder, trainer.average):
        e.load_state_dict(encoder.state_dict())
    for q in trainer.encoder.parameters():
        q.requires_grad_(False)
    while trainer.step < o.steps:
        parts = trainer.advance(sampler, o.side, trainer.step / o.steps)
        if trainer.step % 50 == 0:
            print(trainer.step, {k: round(float(v), 3) for k, v in parts.items()}, flush=True)
    trainer.encoder.load_state_dict(encoder.state_dict())
    trainer.average.load_state_dict(encoder.state_dict())
    trainer.step = o.step
    os.makedirs(o.out, exist_ok=True)
    torch.save({**trainer.state(), "optimizer": None}, os.path.join(o.out, "checkpoint.pt"))


if __name__ == "__main__":
    main()
