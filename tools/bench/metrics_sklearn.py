"""AUC and log-loss of scikit-learn on the rows that tools/bench/metrics.ts wrote: values and seconds as JSON.

usage: python tools/bench/metrics_sklearn.py FOLDER
"""
import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

folder = Path(sys.argv[1])
labels = np.fromfile(folder / "labels", dtype=np.uint8)
scores = np.fromfile(folder / "scores", dtype=np.float64)
out = {}
for name, metric in [("auc", roc_auc_score), ("log-loss", log_loss)]:
    began = time.perf_counter()
    value = float(metric(labels, scores))
    out[name] = {"value": value, "seconds": time.perf_counter() - began}
print(json.dumps(out))
