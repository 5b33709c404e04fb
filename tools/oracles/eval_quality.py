"""scipy's and scikit-learn's figures that the quality metrics of apps/eval agree with.

usage: eval_quality.py
Writes apps/eval/test/fixtures/quality.json:
  spearman   pairs of columns with ties and scipy.stats.spearmanr of them
  claims     true reasons and claims of explanations (attribute number, sign), and scikit-learn's micro-averaged precision, recall and
             F1 over (attribute, sign) pairs; accuracy and ROC AUC of the claimed signs on attributes of true reasons
  trees      features on a grid, labels, and the probabilities of HistGradientBoostingClassifier on the same rows
"""
import json
import pathlib
import random

import numpy
import scipy
import sklearn
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

draw = random.Random(5)


def spearman_cases():
    cases = []
    for size, values in [(5, 100), (40, 6), (200, 1000), (30, 2)]:
        x = [draw.randint(0, values) for _ in range(size)]
        y = [value * draw.choice([1, 1, -1]) + draw.randint(0, 3) for value in x]
        cases.append({'x': x, 'y': y, 'rho': float(spearmanr(x, y)[0])})
    return cases


def claims_case(attributes=8, rows=60):
    truth, claims = [], []
    for _ in range(rows):
        own = {a: draw.choice([1, 1, -1]) for a in draw.sample(range(attributes), draw.randint(0, 3))}
        said = {}
        for attribute in draw.sample(range(attributes), draw.randint(0, 4)):
            said[attribute] = own.get(attribute, draw.choice([1, -1])) * (1 if draw.random() < 0.7 else -1)
        truth.append([[a, s] for a, s in own.items()])
        claims.append([[a, s] for a, s in said.items()])

    def matrix(lists):
        out = numpy.zeros((rows, 2 * attributes), int)
        for row, pairs in enumerate(lists):
            for attribute, sign in pairs:
                out[row, 2 * attribute + (sign > 0)] = 1
        return out

    precision, recall, f1, _ = precision_recall_fscore_support(matrix(truth), matrix(claims), average='micro')
    named = [(dict(map(tuple, t))[a], s) for t, c in zip(truth, claims) for a, s in c if a in dict(map(tuple, t))]
    true_signs, said_signs = zip(*named)
    return {
        'truth': truth,
        'claims': claims,
        'precision': float(precision),
        'recall': float(recall),
        'f1': float(f1),
        'polarityAccuracy': float(accuracy_score(true_signs, said_signs)),
        'signAuc': float(roc_auc_score(true_signs, said_signs)),
    }


def trees_case(rows=600):
    rng = numpy.random.default_rng(3)
    features = numpy.stack([rng.integers(0, 13, rows), rng.integers(0, 7, rows), rng.integers(0, 29, rows)], 1).astype(float)
    logit = 0.5 * (features[:, 0] - 6) - 0.8 * (features[:, 1] > 3) * (features[:, 2] > 10)
    label = (rng.random(rows) < 1 / (1 + numpy.exp(-logit))).astype(int)
    model = HistGradientBoostingClassifier(
        learning_rate=0.2, max_iter=15, max_depth=3, max_leaf_nodes=None, min_samples_leaf=10, l2_regularization=1.5, early_stopping=False
    ).fit(features, label)
    return {'features': features.tolist(), 'label': label.tolist(), 'probability': [round(float(p), 7) for p in model.predict_proba(features)[:, 1]]}


path = pathlib.Path(__file__).parents[2] / 'apps/eval/test/fixtures/quality.json'
path.write_text(
    json.dumps(
        {
            'source': f'scipy {scipy.__version__}, scikit-learn {sklearn.__version__}',
            'spearman': spearman_cases(),
            'claims': claims_case(),
            'trees': trees_case(),
        }
    )
    + '\n'
)
