"""What scikit-learn's PCA and sentence-transformers' truncate_dim make of vectors, for packages/encoder's tests.

usage: encoder_pca.py
Writes packages/encoder/test/fixtures/pca.json.
"""
import json
import pathlib

import numpy
import sentence_transformers
import sklearn
import torch
from sentence_transformers.util import truncate_embeddings
from sklearn.decomposition import PCA

rng = numpy.random.default_rng(5)
vectors = (rng.normal(size=(30, 3)) @ rng.normal(size=(3, 9)) + 0.3 * rng.normal(size=(30, 9)) + 1).astype(numpy.float32)
pca = PCA(n_components=4, svd_solver='full').fit(vectors)
short = torch.nn.functional.normalize(truncate_embeddings(torch.tensor(vectors), 4), p=2, dim=1)  # encode(normalize_embeddings=True)


def listed(array):
    return [float(f'{value:.8g}') for value in numpy.asarray(array).ravel()]


out = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/pca.json'
content = {
    'by': f'scikit-learn {sklearn.__version__}, sentence-transformers {sentence_transformers.__version__}',
    'dimension': 9,
    'vectors': listed(vectors),
    'components': 4,
    'mean': listed(pca.mean_),
    'axes': listed(pca.components_),
    'variances': listed(pca.explained_variance_),
    'shares': listed(pca.explained_variance_ratio_),
    'projected': listed(pca.transform(vectors)),
    'truncated': listed(short),
}
out.write_text(json.dumps(content) + '\n')
