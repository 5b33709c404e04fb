"""scikit-learn's PCA of weighted counts, which the learned half of the static encoder agrees with (each component up to its sign).

usage: encoder_static.py
Writes packages/encoder/test/fixtures/static.json: texts, the options, the features with their weights, and the coordinates of every
text along the first components, scaled to a mean squared length of one half.
"""
import collections
import json
import pathlib
import random
import re

import numpy
import sklearn
from sklearn.decomposition import PCA

VALUES = ['horror', 'romance', 'grim', 'gentle', 'castle', 'desert', 'exile', 'greed']
COMPONENTS, SMOOTHING, MINIMUM = 4, 0.1, 3


def make_texts():
    draw = random.Random(7)
    texts = []
    for _ in range(80):
        sentences = []
        for value in draw.sample(VALUES, draw.randint(0, 3)):
            verb = draw.choice(['delights', 'suits'] if draw.random() < 0.7 else ['bores'])
            sentences.append(f'{value} {verb} them.')
        texts.append(' '.join(sentences) or 'Nothing stands out!')
    return texts


def features(text):
    found = []
    for sentence in re.split(r'[.!?;\n]+', text.lower()):
        words = re.findall(r'[^\W_]+', sentence)
        found += words + [f'{a} {b}' for a, b in zip(words, words[1:])]
    return found


texts = make_texts()
counts = collections.Counter(feature for text in texts for feature in features(text))
words = sum(count for feature, count in counts.items() if ' ' not in feature)
weights = {feature: SMOOTHING / (SMOOTHING + count / words) for feature, count in counts.items() if count >= MINIMUM}
names = list(weights)
matrix = numpy.array([[features(text).count(name) * weights[name] for name in names] for text in texts])
coordinates = PCA(COMPONENTS, svd_solver='full').fit_transform(matrix)
coordinates *= numpy.sqrt(0.5 / (coordinates**2).sum(1).mean())
path = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/static.json'
path.write_text(
    json.dumps(
        {
            'source': f'scikit-learn {sklearn.__version__}',
            'texts': texts,
            'options': {'dimension': 2 * COMPONENTS, 'smoothing': SMOOTHING, 'minimumCount': MINIMUM},
            'features': sorted(names),
            'coordinates': [[round(float(value), 8) for value in row] for row in coordinates],
        },
        indent=1,
    )
    + '\n'
)
