"""How the shipped weights are made. Every field is a flag of train.py, to try something else."""

import argparse
import dataclasses


@dataclasses.dataclass
class Recipe:
    seed: int = 1

    # The network: channels of the stem and of four stages, blocks of each stage.
    stem: int = 32
    widths: tuple = (40, 80, 160, 320)
    depths: tuple = (2, 2, 3, 2)

    # Stages of growing films: side in pixels, steps. The learning rate warms up to its peak and falls along one cosine.
    sides: tuple = (128, 160, 160)
    steps: tuple = (4000, 4000, 2000)
    rate: float = 2e-3
    decay: float = 0.05  # of weights, AdamW

    # Films of kermany, rsna_normal, covid_radiography, tb_rahman and wild in a step.
    films: tuple = (118, 170, 52, 24, 20)

    # How often the first and the second view of a film are cut to its lungs; else they show all of it.
    cuts: tuple = (0.8, 0.5)

    # Weights of the losses.
    agree: tuple = (1.0, 1.0, 0.3)  # by stage; two views of a film: VICReg, variance within a source
    lesion: float = 0.5  # which lesions were painted on a normal film
    place: float = 1.0  # and where
    child: float = 0.5  # normal, bacterial or viral, within kermany
    lent: float = 1.5  # whether the broad tones that a film borrowed are of pneumonia; three films in ten of the normal borrow
    abnormal: float = 0.2  # abnormal or not, painted lesions and borrowed pneumonia counting


def parse(description):
    """The recipe by the command line, and where to run it."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--data", default="../../../../shared/data", help="folder of labels.csv and a zip for each source")
    p.add_argument("--lungs", default="lungs.pt", help="the segmenter, by lungs.py")
    p.add_argument("--out", default="run", help="folder of checkpoint and log; an interrupted run goes on from there")
    p.add_argument("--cache", default="cache", help="folder of films made small")
    p.add_argument("--minutes", type=float, default=float("inf"), help="stop after this time, to go on later")
    p.add_argument("--within", type=float, default=float("inf"), help="skip steps, evenly, to be through in so many minutes")
    p.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    p.add_argument("--figures", type=int, default=1000, help="steps between looks at the development films; 0: only at the end; -1: never")
    p.add_argument("--device", default="", help="cuda or cpu; empty: cuda where there is one")
    p.add_argument("--compile", type=int, default=0, help="1: torch.compile")
    p.add_argument("--threads", type=int, default=1)
    for f in dataclasses.fields(Recipe):
        if isinstance(f.default, tuple):
            kind = type(f.default[0])
            p.add_argument("--" + f.name, default=f.default, type=lambda s, kind=kind: tuple(kind(v) for v in s.split(",")))
        else:
            p.add_argument("--" + f.name, default=f.default, type=type(f.default))
    o = p.parse_args()
    if not len(o.sides) == len(o.steps) == len(o.agree):
        p.error("--sides, --steps and --agree need a value for each stage")
    return Recipe(**{f.name: getattr(o, f.name) for f in dataclasses.fields(Recipe)}), o
