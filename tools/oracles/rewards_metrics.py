"""Expected values for packages/rewards: AUC with ties and weights, Brier and log score, calibrated answer probabilities,
spread within and between prompts. Independent of the package: scikit-learn, scipy and pandas.

    python tools/oracles/rewards_metrics.py
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logsumexp
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

rng = np.random.default_rng(7)
out = Path(__file__).parents[2] / "packages/rewards/test/fixtures/metrics.json"

auc = []
for rows, levels in [(12, 4), (200, 9), (500, 10_000)]:
    scores = np.round(rng.random(rows) * levels) / levels
    labels = (rng.random(rows) < 0.3 + 0.4 * scores).astype(int)
    labels[:2] = [0, 1]
    weights = rng.integers(0, 4, rows)
    weights[:2] = 1
    auc.append(
        {
            "scores": scores.tolist(),
            "labels": labels.tolist(),
            "weights": weights.tolist(),
            "auc": roc_auc_score(labels, scores),
            "weightedAuc": roc_auc_score(labels, scores, sample_weight=weights),
        }
    )

p = rng.random(64)
y = (rng.random(64) < p).astype(int)
clipped = np.clip(p, 0.01, 0.99)
forms = {
    "p": p.tolist(),
    "y": y.tolist(),
    "brier": 1 - brier_score_loss(y, p),
    "log": -log_loss(y, clipped),
    "linear": float(1 - np.abs(y - p).mean()),
}

yes = -rng.gamma(4, 6, 20)
no = -rng.gamma(4, 6, 20)
free_yes = -rng.gamma(4, 6, 3)
free_no = -rng.gamma(4, 6, 3)
bias = float(np.mean(free_yes - free_no))
answers = {
    "yes": yes.tolist(),
    "no": no.tolist(),
    "contentFree": [{"yes": a, "no": b} for a, b in zip(free_yes.tolist(), free_no.tolist())],
    "probability": np.exp(yes - logsumexp(np.stack([yes, no]), axis=0)).tolist(),
    "bias": bias,
    "calibrated": expit(yes - no - bias).tolist(),
}

prompt = rng.integers(0, 9, 40)
reward = rng.random(40) + prompt * 0.1
label = (rng.random(40) < 0.7).astype(int)
frame = pd.DataFrame({"prompt": prompt, "reward": reward})
groups = frame.groupby("prompt")["reward"]
means = groups.mean()
within = float(np.sqrt(((reward - means[prompt].to_numpy()) ** 2).sum() / (len(reward) - len(means))))
rate = label.mean()
statistics = {
    "prompt": prompt.tolist(),
    "reward": reward.tolist(),
    "label": label.tolist(),
    "mean": float(reward.mean()),
    "within": within,
    "between": float(means.std(ddof=1)),
    "constant": {
        "brier": 1 - brier_score_loss(label, np.full(40, rate)),
        "log": -log_loss(label, np.full(40, rate)),
        "linear": float(max(rate, 1 - rate)),
    },
}

out.parent.mkdir(parents=True, exist_ok=True)
out.write_text(json.dumps({"auc": auc, "forms": forms, "answers": answers, "statistics": statistics}) + "\n")
