"""DPO's losses, gradients and metrics from trl's own code.

Writes packages/ppo/test/fixtures/dpo.json. trl's DPOTrainer method `_compute_loss` is called as it stands, on a stand-in for the
trainer whose model gives fixed log-probabilities; gradients with respect to them are torch's autograd. Pairs are ranked here by
their own few lines. The sigmoid loss with label smoothing, which trl no longer has, is written out. Everything is float64.

    python tools/oracles/ppo_dpo.py      # needs torch, numpy and trl 1.16
"""

import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from trl.trainer.dpo_trainer import DPOTrainer

LENGTHS = [7, 1, 4, 6, 3, 5, 2, 8]
GENERATIONS = 4
PADDED = 9
MASK = (np.arange(PADDED)[None, :] < np.array(LENGTHS)[:, None]).astype(np.float64)
FIXTURE = Path(__file__).parents[2] / "packages/ppo/test/fixtures/dpo.json"
SCORES = [0.3, 1.2, -0.4, 0.9, 2.0, 0.1, 0.1, -1.5]
CASES = {
    "sigmoid": dict(),
    "a heavy pull": dict(beta=1.0),
    "all pairs": dict(pairs="all"),
    "pairs that are far apart": dict(pairs="all", minimumMargin=1.0),
    "ipo": dict(lossType="ipo"),
    "ipo, all pairs": dict(lossType="ipo", beta=0.5, pairs="all"),
    "robust": dict(lossType="robust", labelSmoothing=0.2),
    "smoothed": dict(labelSmoothing=0.1, beta=0.3),
}
DEFAULTS = dict(beta=0.1, lossType="sigmoid", labelSmoothing=0.0, pairs="best-worst", minimumMargin=0.0)
METRICS = ["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen", "logps/rejected"]


def float32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw(rng):
    reference = float32(-rng.gamma(2.0, 0.8, MASK.shape))
    return dict(
        referenceLogProbs=reference,
        newLogProbs=float32(reference + rng.normal(0, 0.5, MASK.shape)),
        entropy=float32(rng.gamma(2.0, 0.5, MASK.shape)),
    )


def ranked_pairs(config):
    found = []
    for start in range(0, len(SCORES), GENERATIONS):
        rows = range(start, start + GENERATIONS)
        if config["pairs"] == "all":
            pairs = [(a, b) if SCORES[a] > SCORES[b] else (b, a) for a, b in combinations(rows, 2)]
        else:
            pairs = [(max(rows, key=lambda row: SCORES[row]), min(rows, key=lambda row: SCORES[row]))]
        found += [(a, b) for a, b in pairs if SCORES[a] > SCORES[b] and SCORES[a] - SCORES[b] >= config["minimumMargin"]]
    return found


def trl_loss(config, new, data, pairs):
    order = [a for a, _ in pairs] + [b for _, b in pairs]
    mask = torch.tensor(MASK[order])
    reference = (torch.tensor(data["referenceLogProbs"][order]) * mask).sum(1)
    zeros = torch.zeros_like(mask)
    answers = SimpleNamespace(
        log_probs=new[order] * mask, entropy=torch.tensor(data["entropy"][order]) * mask, mean_logits=zeros, is_top1=zeros.bool(),
    )
    metrics = {"train": defaultdict(list)}

    class Model:
        training = True

        def __call__(self, **_):
            return answers

    trainer = SimpleNamespace(
        model=Model(), aux_loss_enabled=False, ld_alpha=None, precompute_ref_logps=True, f_divergence_type="reverse_kl",
        loss_types=[config["lossType"]], loss_weights=[1.0], beta=config["beta"], label_smoothing=config["labelSmoothing"],
        use_weighting=False, _metrics=metrics, _total_train_tokens=0, _tp_size=1,
        accelerator=SimpleNamespace(device="cpu", gather=lambda x: x, gather_for_metrics=lambda x: x),
    )
    # one prompt token before each response: trl drops the first position
    completion = torch.cat([torch.zeros(len(order), 1), mask], dim=1).long()
    half = len(pairs)
    loss = DPOTrainer._compute_loss(trainer, trainer.model, dict(
        input_ids=torch.ones_like(completion), attention_mask=torch.ones_like(completion), completion_mask=completion,
        ref_chosen_logps=reference[:half], ref_rejected_logps=reference[half:],
    ), False)
    return loss, {name: metrics["train"][name][-1] for name in METRICS}


def smoothed_loss(config, new, data, pairs):
    ratios = ((new - torch.tensor(data["referenceLogProbs"])) * torch.tensor(MASK)).sum(1)
    margins = torch.stack([config["beta"] * (ratios[a] - ratios[b]) for a, b in pairs])
    epsilon = config["labelSmoothing"]
    return (-(1 - epsilon) * F.logsigmoid(margins) - epsilon * F.logsigmoid(-margins)).mean()


def ragged(values):
    return [values[row, :length].tolist() for row, length in enumerate(LENGTHS)]


def main():
    rng = np.random.default_rng(20261201)
    cases = []
    for name, given in CASES.items():
        config, data = {**DEFAULTS, **given}, draw(rng)
        pairs = ranked_pairs(config)
        new = torch.tensor(data["newLogProbs"]).requires_grad_()
        loss, metrics = trl_loss(config, new, data, pairs)
        if config["lossType"] == "sigmoid" and config["labelSmoothing"] > 0:
            loss = smoothed_loss(config, new, data, pairs)
        loss.backward()
        entered = sorted({row for pair in pairs for row in pair})
        metrics["entropy"] = (data["entropy"] * MASK)[entered].sum() / MASK[entered].sum()
        cases.append(dict(
            name=name, config=given, pairs=pairs, inputs={k: ragged(v) for k, v in data.items()},
            expected=dict(loss=loss.item(), gradientLogProbs=ragged(new.grad.numpy() * MASK), metrics=metrics),
        ))
        print(f"{name}: {len(pairs)} pairs, loss {loss.item():.6f}", metrics)
    FIXTURE.write_text(json.dumps(dict(source="tools/oracles/ppo_dpo.py", padded=PADDED, generations=GENERATIONS, scores=SCORES, cases=cases)) + "\n")
    print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
