"""The films: read from the zips of a data folder once, kept small in a cache."""

import csv
import io
import os
import zipfile

import numpy as np
import PIL.Image
import torch

PRETRAIN = ("kermany", "rsna_normal", "covid_radiography", "tb_rahman", "wild")
DEV = ("nih_dev", "nih1000_64px")
WILD = "wild"  # many hospitals, licences and views; has a table of its own


class Source:
    """One source's films, as side x side bytes, and what is known about each."""

    def __init__(self, name, pixels, rows):
        self.name = name
        self.pixels = torch.from_numpy(pixels)  # n x side x side, uint8
        self.rows = rows
        self.findings = [r["findings"] for r in rows]
        self.abnormal = np.array([int(r["abnormal"] or -1) for r in rows])  # -1: not said
        # An unknown patient is a patient of its own.
        self.patients = [r["patient"] or r["image_id"] for r in rows]

    def __len__(self):
        return len(self.rows)

    def where(self, keep):
        """The Source of the films whose row is wanted."""
        at = [i for i, r in enumerate(self.rows) if keep(r)]
        return Source(self.name, self.pixels.numpy()[at], [self.rows[i] for i in at])


def rows(data, name):
    with open(os.path.join(data, "wild.csv" if name == WILD else "labels.csv"), newline="") as f:
        return [r for r in csv.DictReader(f) if r["source"] == name]


def free(row):
    """Whether a film of wild may be used by anyone for anything, with credit."""
    return row["licence"].startswith("CC BY") and "-" not in row["licence"]


def load(data, name, side, cache):
    """The Source of that name at side x side pixels, resized as embed/local
    does: a triangle filter stretched by the reduction."""
    table = rows(data, name)
    path = os.path.join(cache, f"{name}-{side}.npy")
    if not os.path.exists(path):
        os.makedirs(cache, exist_ok=True)
        pixels = np.empty((len(table), side, side), np.uint8)
        with zipfile.ZipFile(os.path.join(data, name + ".zip")) as z:
            for i, row in enumerate(table):
                film = PIL.Image.open(io.BytesIO(z.read(row["image_id"]))).convert("L")
                pixels[i] = film.resize((side, side), PIL.Image.BILINEAR)
        part = f"{path}.{os.getpid()}.npy"
        np.save(part, pixels)
        os.replace(part, path)
    return Source(name, np.load(path), table)


def standardize(x):
    """Each film (n x 1 x h x w) shifted and scaled to mean 0, deviation 1."""
    mean = x.mean((2, 3), keepdim=True)
    std = x.std((2, 3), unbiased=False, keepdim=True)
    return (x - mean) / std.clamp_min(1e-3)
