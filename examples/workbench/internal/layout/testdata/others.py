"""Makes others.json: what scikit-learn and umap-learn make of the films in internal/nihfilms.

    go test -run TestTrustworthy -features /tmp/features.f32 ./examples/workbench/internal/layout
    python others.py /tmp/features.f32 > others.json
"""
import json
import sys

import numpy
import sklearn
import umap
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

x = numpy.fromfile(sys.argv[1], dtype="<f4").reshape(484, -1)
pca = PCA(n_components=10, svd_solver="full").fit(x)
plane = pca.transform(x)[:, :2]
seeds = range(5)
mean = lambda layouts: float(numpy.mean([trustworthiness(x, y, n_neighbors=12) for y in layouts]))
json.dump({
    "scikit-learn": sklearn.__version__,
    "umap-learn": umap.__version__,
    "variance": (pca.explained_variance_ * (len(x) - 1) / len(x)).tolist(),
    "pca": mean([plane]),
    "umap": mean([umap.UMAP(random_state=s).fit_transform(x) for s in seeds]),
    "umap on 50 directions from pca": mean([umap.UMAP(random_state=s, init="pca").fit_transform(PCA(50).fit_transform(x)) for s in seeds]),
    "tsne": mean([TSNE(random_state=s).fit_transform(x) for s in seeds]),
}, sys.stdout, indent=1)
