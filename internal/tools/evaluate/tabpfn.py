# Scores films by TabPFN v1 (Hollmann et al., ICLR 2023), whose weights come with the source package tabpfn 0.1
# of PyPI. Arguments: the unpacked package, and a folder of train-N.npy, labels-N.npy and test-N.npy for
# each draw N. Writes scores-N.npy. The model takes 100 features at most, so it gets the first principal
# components of the training films.
import glob, io, os, sys, warnings

warnings.filterwarnings("ignore")
sys.path.insert(0, sys.argv[1])
import numpy as np
import torch
import torch.nn.functional
import torch.nn.modules.transformer as transformer

# The package is of 2022, and PyTorch has moved: it takes these names from there, and pickles of its own.
for name, value in {"torch": torch, "F": torch.nn.functional, "Module": torch.nn.Module, "MultiheadAttention": torch.nn.MultiheadAttention,
                    "Linear": torch.nn.Linear, "Dropout": torch.nn.Dropout, "LayerNorm": torch.nn.LayerNorm, "ModuleList": torch.nn.ModuleList,
                    "Optional": __import__("typing").Optional, "Tensor": torch.Tensor}.items():
    setattr(transformer, name, value)
transformer.__all__ = [n for n in vars(transformer) if not n.startswith("_")]
load = torch.load
torch.load = lambda *args, **options: load(*args, **{**options, "weights_only": False})
torch.set_num_threads(1)

from tabpfn.scripts.transformer_prediction_interface import TabPFNClassifier
from sklearn.decomposition import PCA

folder = sys.argv[2]
model = TabPFNClassifier(device="cpu", N_ensemble_configurations=8)
for name in sorted(glob.glob(os.path.join(folder, "train-*.npy"))):
    train, test = np.load(name), np.load(name.replace("train-", "test-"))
    labels = np.load(name.replace("train-", "labels-")).astype(int)
    pca = PCA(min(100, len(train) - 1)).fit(train)
    np.random.seed(0)
    torch.manual_seed(0)
    stdout, sys.stdout = sys.stdout, io.StringIO()
    model.fit(pca.transform(train), labels)
    p = model.predict_proba(pca.transform(test))
    sys.stdout = stdout
    np.save(name.replace("train-", "scores-"), p[:, 1].astype(np.float32))
