"""RLOO's advantages, losses and gradients from trl's own code.

Writes packages/ppo/test/fixtures/rloo.json. trl's RLOOTrainer methods `_generate_and_score_completions` and
`_compute_loss` are called as they stand, on a stand-in for the trainer that gives fixed completions, rewards and
log-probabilities; gradients with respect to the log-probabilities are torch's autograd. Everything is float64.

    python tools/oracles/ppo_rloo.py      # needs torch, numpy and trl 1.16
"""

import json
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from trl.trainer.rloo_trainer import RLOOTrainer

LENGTHS = [7, 1, 4, 6, 3, 5, 2, 8]
GENERATIONS = 4
PADDED = 9
MASK = (np.arange(PADDED)[None, :] < np.array(LENGTHS)[:, None]).astype(np.float64)
FIXTURE = Path(__file__).parents[2] / "packages/ppo/test/fixtures/rloo.json"

UNEQUAL = [0.3, 1.2, -0.4, 0.9, 2.0, 0.1, 0.1, -1.5]
CASES = {
    "defaults": dict(),
    "no reference": dict(beta=0.0),
    "a heavy KL": dict(beta=0.5),
    "normalized": dict(normalizeAdvantages=True),
    "asymmetric clip": dict(epsilon=0.1, epsilonHigh=0.4),
    "one group of equals": dict(beta=0.0, scores=[0.25, 0.25, 0.25, 0.25, 1.0, 0.0, 0.0, 1.0]),
    "unscored completions": dict(scores=[0.3, None, -0.4, 0.9, None, None, 0.1, -1.5]),
    "a lone score, normalized": dict(normalizeAdvantages=True, scores=[0.3, None, None, None, 2.0, 0.1, 0.1, -1.5]),
}
DEFAULTS = dict(beta=0.05, epsilon=0.2, epsilonHigh=None, normalizeAdvantages=False)


def float32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw(rng):
    shape = (len(LENGTHS), PADDED)
    old = float32(-rng.gamma(2.0, 0.8, shape))
    return dict(
        oldLogProbs=old,
        referenceLogProbs=float32(old + rng.normal(0, 0.3, shape)),
        newLogProbs=float32(old + rng.normal(0, 0.15, shape)),
        entropy=float32(rng.gamma(2.0, 0.5, shape)),
    )


class Answers:
    """Gives the log-probabilities of the policy first and of the reference then, as trl asks for them."""

    def __init__(self, data):
        self.given = [torch.tensor(data[name]) for name in ("oldLogProbs", "referenceLogProbs")]

    def __call__(self, *_, **__):
        return self.given.pop(0), None, None


def rollouts(config, scores, data):
    """Runs trl's rollout code on given completions, rewards and log-probabilities."""
    rewards = torch.tensor([[float("nan") if s is None else s] for s in scores], dtype=torch.float64)
    completions = [[1] * length for length in LENGTHS]
    metrics = {"train": defaultdict(list)}
    # trl pads to the longest completion, the fixture by one more
    cut = {name: value[:, : max(LENGTHS)] for name, value in data.items()}
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(device="cpu", process_index=0, num_processes=1, gather=lambda x: x, reduce=lambda x, reduction: x),
        model=SimpleNamespace(training=True, is_gradient_checkpointing=False), ref_model=nullcontext(),
        _generate=lambda prompts: ([[1]] * len(LENGTHS), completions, [""] * len(LENGTHS)),
        _tokenizer=SimpleNamespace(pad_token_id=0), pad_to_multiple_of=None, mask_truncated_completions=False, log_multimodal=False,
        args=SimpleNamespace(per_device_train_batch_size=len(LENGTHS), gradient_checkpointing_kwargs=None),
        _get_per_token_logps_and_entropies=Answers(cut), num_generations=GENERATIONS, beta=config["beta"], reward_clip_range=None,
        normalize_advantages=config["normalizeAdvantages"], _calculate_rewards=lambda *_: rewards,
        reward_weights=torch.ones(1, dtype=torch.float64), reward_func_names=["score"],
        _metrics=metrics, _logs=defaultdict(list, rewards=defaultdict(list), extra=defaultdict(list)), _pending_extra_logs={}, _pending_metrics={},
    )
    output = RLOOTrainer._generate_and_score_completions(trainer, [{"prompt": ""}] * len(LENGTHS))
    figures = {name: metrics["train"][name][-1] for name in ("reward_std", "frac_reward_zero_std")}
    return output, figures


def loss_of(config, data, output):
    new = torch.tensor(data["newLogProbs"]).requires_grad_()
    high = config["epsilon"] if config["epsilonHigh"] is None else config["epsilonHigh"]
    metrics = {"train": defaultdict(list)}
    trainer = SimpleNamespace(
        aux_loss_enabled=False, epsilon_low=config["epsilon"], epsilon_high=high, model=SimpleNamespace(training=True), _metrics=metrics,
        accelerator=SimpleNamespace(reduce=lambda x, reduction: x, gather=lambda x: x),
        _get_per_token_logps_and_entropies=lambda *_, **__: (new, torch.tensor(data["entropy"]), None),
    )
    ids = torch.zeros(MASK.shape, dtype=torch.long)
    loss = RLOOTrainer._compute_loss(trainer, None, dict(
        prompt_ids=ids[:, :1], prompt_mask=torch.ones_like(ids[:, :1]), completion_ids=ids, completion_mask=torch.tensor(MASK),
        old_logps=output["old_logps"], advantages=output["advantages"],
    ))
    loss.backward()
    figures = {name: values[-1] for name, values in metrics["train"].items() if name == "entropy" or name.endswith("_mean")}
    # two figures that trl does not log
    log_ratio = ((data["newLogProbs"] - data["oldLogProbs"]) * MASK).sum(1)
    figures["policy/approxkl_avg"] = (0.5 * log_ratio**2).mean()
    figures["val/ratio"] = np.exp(log_ratio).mean()
    return loss.item(), new.grad.numpy() * MASK, figures


def ragged(values):
    return [values[row, :length].tolist() for row, length in enumerate(LENGTHS)]


def main():
    rng = np.random.default_rng(20261130)
    cases = []
    for name, given in CASES.items():
        given = dict(given)
        scores = given.pop("scores", UNEQUAL)
        config, data = {**DEFAULTS, **given}, draw(rng)
        output, figures = rollouts(config, scores, data)
        expected = dict(advantages=output["advantages"].tolist(), rolloutMetrics=figures)
        if None not in scores:  # unscored completions take no part in our loss, in trl's with advantage 0
            loss, gradient, metrics = loss_of(config, data, output)
            expected.update(loss=loss, gradientLogProbs=ragged(gradient), metrics=metrics)
            print(f"{name}: loss {loss:.6f}", metrics)
        cases.append(dict(name=name, config=given, scores=scores, inputs={k: ragged(v) for k, v in data.items()}, expected=expected))
    FIXTURE.write_text(json.dumps(dict(source="tools/oracles/ppo_rloo.py", padded=PADDED, generations=GENERATIONS, cases=cases)) + "\n")
    print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
