"""REINFORCE++, weighted-sft and expert iteration in a few lines of torch each, written from the papers: trl has none of them.

Writes packages/ppo/test/fixtures/without-trl.json: advantages or weights, losses, metrics, and gradients with respect to the
log-probabilities by torch's autograd. Everything is float64.

    python tools/oracles/ppo_without_trl.py      # needs torch and numpy
"""

import json
from pathlib import Path

import numpy as np
import torch

LENGTHS = [7, 1, 4, 6, 3, 5, 2, 8]
GENERATIONS = 4
PADDED = 9
MASK = (np.arange(PADDED)[None, :] < np.array(LENGTHS)[:, None]).astype(np.float64)
FIXTURE = Path(__file__).parents[2] / "packages/ppo/test/fixtures/without-trl.json"
SCORES = [0.3, 1.2, -0.4, 0.9, 2.0, 0.1, 0.1, -1.5]
DEFAULTS = {
    "reinforce++": dict(groupBaseline=False, clipRange=0.2, dualClip=3.0, discount=1.0, klCoefficient=0.01, klEstimator="k1"),
    "weighted-sft": dict(baseline="group", weightTemperature=1.0, maxWeight=20.0, beta=0.0),
    "expert-iteration": dict(keep=1, minimumScore=None),
}
CASES = [
    ("reinforce++", "defaults", dict()),
    ("reinforce++", "no reference", dict(klCoefficient=0.0)),
    ("reinforce++", "a heavy KL by k3, discounted", dict(klCoefficient=0.5, klEstimator="k3", discount=0.9)),
    ("reinforce++", "baseline of the prompt, k2", dict(groupBaseline=True, klCoefficient=0.1, klEstimator="k2", clipRange=0.1)),
    ("weighted-sft", "defaults", dict()),
    ("weighted-sft", "sharp, bounded", dict(weightTemperature=0.2, maxWeight=3.0)),
    ("weighted-sft", "over the update, KL in the loss", dict(baseline="batch", weightTemperature=0.5, beta=0.2)),
    ("expert-iteration", "defaults", dict()),
    ("expert-iteration", "the best two", dict(keep=2)),
    ("expert-iteration", "those above a score", dict(keep=4, minimumScore=0.5)),
]


def float32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw(rng):
    old = float32(-rng.gamma(2.0, 0.8, MASK.shape))
    return dict(
        oldLogProbs=old,
        referenceLogProbs=float32(old + rng.normal(0, 0.3, MASK.shape)),
        newLogProbs=float32(old + rng.normal(0, 0.4, MASK.shape)),
        entropy=float32(rng.gamma(2.0, 0.5, MASK.shape)),
    )


def groups():
    return torch.tensor(SCORES, dtype=torch.float64).view(-1, GENERATIONS)


def reinforce(config, data, new):
    mask = torch.tensor(MASK)
    scores = groups()
    if config["groupBaseline"]:
        scores = scores - scores.mean(1, keepdim=True)
    log_ratio = torch.tensor(data["oldLogProbs"] - data["referenceLogProbs"])
    kl = {"k1": log_ratio, "k2": log_ratio**2 / 2, "k3": torch.exp(-log_ratio) - 1 + log_ratio}[config["klEstimator"]]
    rewards = -config["klCoefficient"] * kl * mask
    for row, length in enumerate(LENGTHS):
        rewards[row, length - 1] += scores.view(-1)[row]
    returns, running = torch.zeros_like(rewards), torch.zeros(len(LENGTHS), dtype=torch.float64)
    for t in reversed(range(PADDED)):
        running = rewards[:, t] + config["discount"] * running
        returns[:, t] = running
    tokens = mask.sum()
    mean = (returns * mask).sum() / tokens
    variance = (((returns - mean) ** 2) * mask).sum() / tokens
    advantages = (returns - mean) / torch.sqrt(variance + 1e-8)

    ratio = torch.exp(new - torch.tensor(data["oldLogProbs"]))
    clipped = ratio.clamp(1 - config["clipRange"], 1 + config["clipRange"])
    worst = torch.maximum(-advantages * ratio, -advantages * clipped)
    per_token = torch.where(advantages < 0, torch.minimum(worst, -config["dualClip"] * advantages), worst)
    loss = (per_token * mask).sum() / tokens
    figures = {"val/ratio": ((ratio * mask).sum() / tokens).item()}
    return loss, figures, dict(advantages=ragged(advantages.numpy()))


def weighted(config, data, new):
    mask = torch.tensor(MASK)
    scores = groups()
    center = scores.mean(1, keepdim=True) if config["baseline"] == "group" else scores.mean()
    weights = torch.exp((scores - center) / scores.std() / config["weightTemperature"]).clamp(max=config["maxWeight"])
    weights = (weights / weights.mean()).view(-1, 1)
    loss = -(weights * new * mask).sum() / mask.sum()
    figures = {}
    if config["beta"] > 0:
        away = torch.tensor(data["referenceLogProbs"]) - new
        kl = ((torch.exp(away) - away - 1) * mask).sum() / mask.sum()
        loss = loss + config["beta"] * kl
        figures["kl"] = kl.item()
    return loss, figures, dict(weights=weights.view(-1).tolist())


def expert(config, data, new):
    learned = []
    for start in range(0, len(SCORES), GENERATIONS):
        order = sorted(range(start, start + GENERATIONS), key=lambda row: -SCORES[row])[: config["keep"]]
        learned += [row for row in order if config["minimumScore"] is None or SCORES[row] >= config["minimumScore"]]
    mask = torch.tensor(MASK)[learned]
    return -(new[learned] * mask).sum() / mask.sum(), {}, dict(rows=learned)


def ragged(values):
    return [values[row, :length].tolist() for row, length in enumerate(LENGTHS)]


def main():
    rng = np.random.default_rng(20261202)
    cases = []
    for algorithm, name, given in CASES:
        config, data = {**DEFAULTS[algorithm], **given}, draw(rng)
        new = torch.tensor(data["newLogProbs"]).requires_grad_()
        loss, figures, about = dict([("reinforce++", reinforce), ("weighted-sft", weighted), ("expert-iteration", expert)])[algorithm](config, data, new)
        loss.backward()
        rows = about.get("rows", list(range(len(LENGTHS))))
        figures["policy/entropy_avg" if algorithm == "reinforce++" else "entropy"] = (data["entropy"] * MASK)[rows].sum() / MASK[rows].sum()
        cases.append(dict(
            algorithm=algorithm, name=name, config=given, inputs={k: ragged(v) for k, v in data.items()}, **about,
            expected=dict(loss=loss.item(), gradientLogProbs=ragged(new.grad.numpy() * MASK), metrics=figures),
        ))
        print(f"{algorithm}, {name}: loss {loss.item():.6f}", figures)
    FIXTURE.write_text(json.dumps(dict(source="tools/oracles/ppo_without_trl.py", padded=PADDED, generations=GENERATIONS, scores=SCORES, cases=cases)) + "\n")
    print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
