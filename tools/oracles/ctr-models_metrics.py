"""AUC, grouped AUC, log-loss and calibration error by scikit-learn, with ties: packages/ctr-models/test/fixtures/metrics.json

usage: python tools/oracles/ctr-models_metrics.py   (scikit-learn, numpy)
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import log_loss, roc_auc_score

rng = np.random.default_rng(7)
cases = []
for name, rows, distinct in [("few ties", 200, 1000), ("many ties", 300, 7), ("two scores", 50, 2), ("one score", 20, 1)]:
    labels = (rng.random(rows) < 0.35).astype(int)
    labels[:2] = [0, 1]
    probabilities = (rng.integers(0, distinct, rows) + 0.5 * labels * (distinct > 2)) / max(distinct, 1)
    probabilities = np.clip(probabilities, 0, 1)
    groups = rng.integers(0, 12, rows)
    kept = [g for g in np.unique(groups) if len(set(labels[groups == g])) == 2]
    weights = [int((groups == g).sum()) for g in kept]
    grouped = float(np.average([roc_auc_score(labels[groups == g], probabilities[groups == g]) for g in kept], weights=weights))
    bins = np.minimum((probabilities * 10).astype(int), 9)
    ece = sum(abs(labels[bins == b].mean() - probabilities[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))
    cases.append({
        "name": name,
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "groups": groups.tolist(),
        "auc": float(roc_auc_score(labels, probabilities)),
        "groupedAuc": grouped,
        "groupsCounted": len(kept),
        "groupsSkipped": int(len(np.unique(groups)) - len(kept)),
        "logLoss": float(log_loss(labels, probabilities)),
        "calibrationError10": float(ece),
    })

path = Path(__file__).parents[2] / "packages/ctr-models/test/fixtures/metrics.json"
path.write_text(json.dumps({"sklearn": sklearn.__version__, "cases": cases}) + "\n")
print(path, len(cases))
