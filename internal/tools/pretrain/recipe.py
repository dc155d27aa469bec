"""How the shipped weights are made. Every field is a flag of train.py, to try something else."""

import argparse
import dataclasses


@dataclasses.dataclass
class Recipe:
    seed: int = 1

    # The network: channels of the stem and of four stages of two blocks.
    stem: int = 24
    widths: tuple = (32, 64, 128, 256)

    # Stages of growing films: side in pixels, steps, peak learning rate. Each
    # warms up and falls along a cosine.
    sides: tuple = (96, 128, 160, 160)
    steps: tuple = (800, 1000, 1000, 1000)
    rates: tuple = (2e-3, 1.5e-3, 1e-3, 8e-4)
    decay: float = 0.05  # of weights, AdamW

    # Films of kermany, rsna_normal, covid_radiography and tb_rahman in a step.
    films: tuple = (16, 22, 7, 3)

    # Weights of the losses.
    agree: tuple = (1.0, 1.0, 1.0, 0.3)  # by stage; two views of a film: VICReg, variance within a source
    lesion: float = 0.5  # which lesions were painted on a normal film
    place: float = 1  # and where
    child: float = 0.5  # normal, bacterial or viral, within kermany
    lent: float = 1.5  # whether the broad tones that a film borrowed are of pneumonia; three films in ten of the normal borrow
    abnormal: float = 0.2  # abnormal or not, painted lesions and borrowed pneumonia counting


def parse(description):
    """The recipe by the command line, and where to run it."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--data", default="../../../../shared/data", help="folder of labels.csv and a zip for each source")
    p.add_argument("--out", default="run", help="folder of checkpoint and log; an interrupted run goes on from there")
    p.add_argument("--cache", default="cache", help="folder of films made small")
    p.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, to go on later")
    p.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    p.add_argument("--threads", type=int, default=1)
    for f in dataclasses.fields(Recipe):
        if isinstance(f.default, tuple):
            kind = type(f.default[0])
            p.add_argument("--" + f.name, default=f.default, type=lambda s, kind=kind: tuple(kind(v) for v in s.split(",")))
        else:
            p.add_argument("--" + f.name, default=f.default, type=type(f.default) if f.name == "seed" or f.name == "stem" else float)
    o = p.parse_args()
    if not len(o.sides) == len(o.steps) == len(o.rates) == len(o.agree):
        p.error("--sides, --steps, --rates and --agree need a value for each stage")
    return Recipe(**{f.name: getattr(o, f.name) for f in dataclasses.fields(Recipe)}), o
