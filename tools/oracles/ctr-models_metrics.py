"""AUC, grouped AUC, log-loss, calibration, ranking, DeLong's test and calibrators by scikit-learn, scipy and plain numpy, with ties:
packages/ctr-models/test/fixtures/metrics.json

usage: python tools/oracles/ctr-models_metrics.py   (scikit-learn >= 1.8, scipy, numpy)
"""
import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.stats import norm, rankdata
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss, ndcg_score, roc_auc_score

rng = np.random.default_rng(7)


def logit(p):
    p = np.clip(p, 2.0**-52, 1 - 2.0**-52)
    return np.log(p) - np.log1p(-p)


def delong(labels, scores):
    """Sun & Xu 2014, algorithm 2, by midranks: the areas and their covariance."""
    positives, negatives = scores[:, labels == 1], scores[:, labels == 0]
    m, n = positives.shape[1], negatives.shape[1]
    together = np.concatenate([positives, negatives], axis=1)
    ranks = np.array([rankdata(row) for row in together])
    own_positives = np.array([rankdata(row) for row in positives])
    own_negatives = np.array([rankdata(row) for row in negatives])
    areas = (ranks[:, :m].sum(axis=1) / m - (m + 1) / 2) / n
    v10 = (ranks[:, :m] - own_positives) / n
    v01 = 1 - (ranks[:, m:] - own_negatives) / m
    return areas, np.cov(v10) / m + np.cov(v01) / n


def clustered_variance(labels, scores, groups):
    """Obuchowski 1997, equations 4 to 7, from the definition by pairs."""
    positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    wins = (scores[positives][:, None] > scores[negatives][None]) + 0.5 * (scores[positives][:, None] == scores[negatives][None])
    area, v10, v01 = wins.mean(), wins.mean(axis=1), wins.mean(axis=0)
    m, n, names = len(positives), len(negatives), np.unique(groups)
    x = np.array([(v10[groups[positives] == g] - area).sum() for g in names])
    y = np.array([(v01[groups[negatives] == g] - area).sum() for g in names])
    i10, i01, i = len(np.unique(groups[positives])), len(np.unique(groups[negatives])), len(names)
    s10 = i10 / ((i10 - 1) * m) * (x**2).sum()
    s01 = i01 / ((i01 - 1) * n) * (y**2).sum()
    return float(s10 / m + s01 / n + 2 / (m * n) * i / (i - 1) * (x * y).sum())


def ranking(labels, scores, groups, k):
    """Mean over groups of each metric, averaged over all orders of tied rows (enumerated: the groups are small)."""
    found = []
    for g in np.unique(groups):
        y, s = labels[groups == g], scores[groups == g]
        if y.sum() == 0:
            continue
        ndcg, recall, precision, hit, mrr = [], [], [], [], []
        ideal = sum(1 / math.log2(r + 2) for r in range(min(k, int(y.sum()))))
        orders = {tuple(y[list(o)]) + tuple(o) for o in permutations(range(len(y))) if all(s[a] >= s[b] for a, b in zip(o, o[1:]))}
        for order in orders:
            shown = order[: len(y)][:k]
            ndcg.append(sum(label / math.log2(r + 2) for r, label in enumerate(shown)) / ideal)
            recall.append(sum(shown) / y.sum())
            precision.append(sum(shown) / k)
            hit.append(float(any(shown)))
            mrr.append(next((1 / (r + 1) for r, label in enumerate(shown) if label), 0.0))
        found.append([float(np.mean(values)) for values in (ndcg, recall, precision, hit, mrr)])
        if len(y) > 1:
            assert abs(ndcg_score([y], [s], k=k) - found[-1][0]) < 1e-9
    return dict(zip(("ndcg", "recall", "precision", "hitRate", "mrr"), np.mean(found, axis=0).tolist()), groups=len(found))


cases = []
for name, rows, distinct in [("few ties", 200, 1000), ("many ties", 300, 7), ("two scores", 50, 2), ("one score", 20, 1)]:
    labels = (rng.random(rows) < 0.35).astype(int)
    labels[:2] = [0, 1]
    probabilities = (rng.integers(0, distinct, rows) + 0.5 * labels * (distinct > 2)) / max(distinct, 1)
    probabilities = np.clip(probabilities, 0, 1)
    groups = rng.integers(0, 12, rows)
    kept = [g for g in np.unique(groups) if len(set(labels[groups == g])) == 2]
    weights = [int((groups == g).sum()) for g in kept]
    own = [roc_auc_score(labels[groups == g], probabilities[groups == g]) for g in kept]
    bins = np.minimum((probabilities * 10).astype(int), 9)
    ece = sum(abs(labels[bins == b].mean() - probabilities[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))
    entropy = log_loss(labels, np.full(rows, labels.mean()))
    filled = np.unique(bins)
    curve = {"shares": [labels[bins == b].mean() for b in filled], "means": [probabilities[bins == b].mean() for b in filled]}

    other = np.clip(np.round(0.6 * probabilities + 0.4 * rng.random(rows), 2), 0, 1)
    areas, covariance = delong(labels, np.stack([probabilities, other]))
    spread = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = (areas[0] - areas[1]) / math.sqrt(spread)

    logits = logit(probabilities)
    temperature = 1 / minimize_scalar(
        lambda a: np.logaddexp(0, a * logits).sum() - (labels * a * logits).sum(), bounds=(0.01, 100), method="bounded", options={"xatol": 1e-12}
    ).x
    platt = _SigmoidCalibration().fit(logits, labels)
    isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(probabilities, labels)
    asked = np.round(np.linspace(0, 1, 21), 2)
    small = np.arange(rows) // 5  # groups of five rows, all orders of which can be enumerated
    cases.append({
        "name": name,
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "other": other.tolist(),
        "groups": groups.tolist(),
        "auc": float(roc_auc_score(labels, probabilities)),
        "groupedAuc": float(np.average(own, weights=weights)),
        "unweightedAuc": float(np.mean(own)),
        "groupsCounted": len(kept),
        "groupsSkipped": int(len(np.unique(groups)) - len(kept)),
        "logLoss": float(log_loss(labels, probabilities)),
        "relativeCrossEntropy": float(100 * (1 - log_loss(labels, probabilities) / entropy)),
        "brier": float(brier_score_loss(labels, probabilities)),
        "calibrationError10": float(ece),
        "calibrationCurve10": {key: [float(value) for value in values] for key, values in curve.items()},
        "ranking3": ranking(labels, probabilities, small, 3),
        "delong": {
            "covariance": covariance.tolist(), "z": float(z), "pValue": float(2 * norm.sf(abs(z))),
            "standardError": math.sqrt(covariance[0, 0]),
            "half95": float(norm.ppf(0.975) * math.sqrt(spread)),
            "clusteredVariance": clustered_variance(labels, probabilities, groups),
        },
        "temperature": float(temperature),
        "platt": {"slope": float(-platt.a_), "intercept": float(-platt.b_)},
        "isotonic": {"asked": asked.tolist(), "given": isotonic.predict(asked).tolist()},
    })

normal = [{"z": z, "pValue": float(2 * norm.sf(z))} for z in (0, 0.1, 1, 1.96, 2.82, 2.83, 3, 5, 8, 20)]
path = Path(__file__).parents[2] / "packages/ctr-models/test/fixtures/metrics.json"
versions = {"sklearn": sklearn.__version__, "scipy": scipy.__version__}
path.write_text(json.dumps({**versions, "normal": normal, "cases": cases}) + "\n")
print(path, len(cases))
