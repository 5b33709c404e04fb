"""GRPO's advantages, losses and gradients from trl's own code.

Writes packages/ppo/test/fixtures/grpo.json. trl's GRPOTrainer methods `_generate_and_score_completions` and
`_compute_loss` are called as they stand, on a stand-in for the trainer that gives fixed completions, rewards and
log-probabilities; gradients with respect to the log-probabilities are torch's autograd. Everything is float64.

    python tools/oracles/ppo_grpo.py      # needs torch, numpy and trl 1.16
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from trl.trainer.grpo_trainer import GRPOTrainer

LENGTHS = [7, 1, 4, 6, 3, 5, 2, 8]
GENERATIONS = 4
PADDED = 9
FIXTURE = Path(__file__).parents[2] / "packages/ppo/test/fixtures/grpo.json"
METRICS = {
    "kl": "kl", "entropy": "entropy", "clip_ratio/low_mean": "clip_ratio/low_mean", "clip_ratio/high_mean": "clip_ratio/high_mean",
    "clip_ratio/region_mean": "clip_ratio/region_mean", "cispo_clip_ratio": "clip_ratio/region_mean",
}

SCORES = {
    "unequal": [0.3, 1.2, -0.4, 0.9, 2.0, 0.1, 0.1, -1.5],
    "one group of equals": [0.1, 0.1, 0.1, 0.1, 1.0, 0.0, 0.0, 1.0],
    "unscored completions": [0.3, None, -0.4, 0.9, None, None, 0.1, -1.5],
    "a lone score": [0.3, None, None, None, 2.0, 0.1, 0.1, -1.5],
}
CASES = {
    "dapo": dict(),
    "dapo, KL in the loss": dict(beta=0.1),
    "grpo": dict(lossType="grpo", beta=0.04),
    "dr-grpo, rewards as they are": dict(lossType="dr-grpo", scaleRewards="none"),
    "asymmetric clip, scaled by the batch": dict(epsilon=0.1, epsilonHigh=0.28, scaleRewards="batch"),
    "two-sided clip": dict(delta=1.3, lossType="grpo"),
    "ratio by sequence": dict(importanceSamplingLevel="sequence", epsilon=0.02, epsilonHigh=0.03, lossType="grpo"),
    "ratio by sequence over tokens, KL": dict(importanceSamplingLevel="sequence", epsilon=0.02, beta=0.1),
    "cispo": dict(lossType="cispo"),
    "cispo, tight": dict(lossType="cispo", epsilonHigh=1.1, beta=0.05),
    "cispo by sequence": dict(lossType="cispo", epsilonHigh=1.02, importanceSamplingLevel="sequence"),
}
# by reward, as trl has them: None = does not apply
REWARDS = {
    "two rewards of other scales": [[0.3, 90], [1.2, 10], [-0.4, 40], [0.9, 20], [2.0, -30], [0.1, 0], [0.1, 60], [-1.5, 10]],
    "a reward that does not always apply": [[0.3, None], [1.2, 1], [-0.4, None], [0.9, 0], [2.0, 1], [0.1, 2], [None, 0], [-1.5, None]],
    "a reward that is the same for all": [[0.3, 1], [1.2, 1], [-0.4, 1], [0.9, 1], [2.0, 0], [0.1, 0], [0.1, 0], [-1.5, 0]],
}
WEIGHTS = [0.7, 0.5]
DEFAULTS = dict(beta=0.0, epsilon=0.2, epsilonHigh=None, delta=None, lossType="dapo", importanceSamplingLevel="token", scaleRewards="group")


def float32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw(rng):
    shape = (len(LENGTHS), PADDED)
    old = float32(-rng.gamma(2.0, 0.8, shape))
    return dict(
        oldLogProbs=old,
        referenceLogProbs=float32(old + rng.normal(0, 0.3, shape)),
        newLogProbs=float32(old + rng.normal(0, 0.4, shape)),
        entropy=float32(rng.gamma(2.0, 0.5, shape)),
    )


def advantages(scores, scale, weights=(1.0,), aggregation="sum_then_normalize"):
    """Runs trl's rollout code on given completions and rewards: a number for each completion, or one for each and reward."""
    rows = [s if isinstance(s, list) else [s] for s in scores]
    rewards = torch.tensor([[float("nan") if s is None else s for s in row] for row in rows], dtype=torch.float64)
    completions = [[1] * length for length in LENGTHS]
    metrics = {"train": defaultdict(list)}
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(device="cpu", process_index=0, num_processes=1, gather=lambda x: x, reduce=lambda x, reduction: x),
        model=SimpleNamespace(training=True, is_gradient_checkpointing=False), environment_factories=None, environments=None, tools=[], _is_vlm=False,
        _generate=lambda prompts: ([[1]] * len(LENGTHS), completions, None, [""] * len(LENGTHS), None, {}, None, None),
        _tokenizer=SimpleNamespace(pad_token_id=0), pad_to_multiple_of=None, mask_truncated_completions=False, log_multimodal=False,
        args=SimpleNamespace(
            per_device_train_batch_size=len(LENGTHS), steps_per_generation=1, gradient_accumulation_steps=1, gradient_checkpointing_kwargs=None,
        ),
        num_iterations=1, num_generations=GENERATIONS, use_vllm=False, vllm_importance_sampling_correction=False, beta=0.0,
        _calculate_rewards=lambda *_: rewards, reward_weights=torch.tensor(weights, dtype=torch.float64), reward_func_names=[f"reward{i}" for i in range(len(weights))],
        reward_funcs=list(weights), multi_objective_aggregation=aggregation, scale_rewards=scale,
        _metrics=metrics, _logs=defaultdict(list, rewards=defaultdict(list), extra=defaultdict(list)), _pending_extra_logs={}, _pending_metrics={},
    )
    output = GRPOTrainer._generate_and_score_completions(trainer, [{"prompt": ""}] * len(LENGTHS))
    figures = {name: metrics["train"][name][-1] for name in ("reward_std", "frac_reward_zero_std")}
    return output["advantages"], int(output["num_items_in_batch"]), figures


def loss_of(config, data, per_row, tokens):
    mask = torch.tensor((np.arange(PADDED)[None, :] < np.array(LENGTHS)[:, None]).astype(np.float64))
    new = torch.tensor(data["newLogProbs"]).requires_grad_()
    high = config["epsilonHigh"]
    if high is None:
        high = 5.0 if config["lossType"] == "cispo" else config["epsilon"]
    metrics = {"train": defaultdict(list)}
    trainer = SimpleNamespace(
        aux_loss_enabled=False, top_entropy_quantile=1.0, off_policy_mask_threshold=None, beta=config["beta"],
        importance_sampling_level=config["importanceSamplingLevel"], loss_type=config["lossType"].replace("-", "_"),
        epsilon_low=config["epsilon"], epsilon_high=high, use_vllm=False, max_completion_length=PADDED,
        args=SimpleNamespace(delta=config["delta"], use_bias_correction_kl=False, steps_per_generation=1), model=SimpleNamespace(training=True),
        current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False, _metrics=metrics,
        accelerator=SimpleNamespace(num_processes=1, reduce=lambda x, reduction: x, gather=lambda x: x),
        _get_per_token_logps_and_entropies=lambda *_, **__: (new, torch.tensor(data["entropy"]), None),
    )
    ids = torch.zeros(mask.shape, dtype=torch.long)
    loss = GRPOTrainer._compute_loss(trainer, None, dict(
        prompt_ids=ids[:, :1], prompt_mask=torch.ones_like(ids[:, :1]), completion_ids=ids, completion_mask=mask, advantages=per_row,
        num_items_in_batch=torch.tensor(tokens), old_per_token_logps=torch.tensor(data["oldLogProbs"]),
        ref_per_token_logps=torch.tensor(data["referenceLogProbs"]),
    ))
    loss.backward()
    figures = {METRICS[name]: values[-1] for name, values in metrics["train"].items() if name in METRICS}
    # two figures that trl does not log
    m, log_ratio = mask.numpy(), (data["newLogProbs"] - data["oldLogProbs"]) * mask.numpy()
    figures["policy/approxkl_avg"] = (0.5 * log_ratio**2).sum() / m.sum()
    by_sequence = np.repeat(log_ratio.sum(1, keepdims=True) / m.sum(1, keepdims=True), PADDED, axis=1)
    figures["val/ratio"] = (np.exp(by_sequence if config["importanceSamplingLevel"] == "sequence" else log_ratio) * m).sum() / m.sum()
    return loss.item(), new.grad.numpy() * m, figures


def ragged(values):
    return [values[row, :length].tolist() for row, length in enumerate(LENGTHS)]


def main():
    rng = np.random.default_rng(20261129)
    groups = []
    for name, scores in SCORES.items():
        for scale in ("group", "batch", "none"):
            per_row, _, figures = advantages(scores, scale)
            groups.append(dict(name=name, scaleRewards=scale, scores=scores, advantages=per_row.tolist(), metrics=figures))
    rewards = []
    for name, rows in REWARDS.items():
        per_row, _, _ = advantages(rows, "group", WEIGHTS, "normalize_then_sum")
        rewards.append(dict(name=name, weights=WEIGHTS, rewards=rows, advantages=per_row.tolist()))
    cases = []
    for name, given in CASES.items():
        config, data = {**DEFAULTS, **given}, draw(rng)
        per_row, tokens, _ = advantages(SCORES["unequal"], config["scaleRewards"])
        loss, gradient, figures = loss_of(config, data, per_row, tokens)
        cases.append(dict(
            name=name, config=given, scores=SCORES["unequal"], inputs={k: ragged(v) for k, v in data.items()},
            expected=dict(loss=loss, gradientLogProbs=ragged(gradient), metrics=figures),
        ))
        print(f"{name}: loss {loss:.6f}", figures)
    FIXTURE.write_text(json.dumps(dict(source="tools/oracles/ppo_grpo.py", padded=PADDED, generations=GENERATIONS, groups=groups, rewards=rewards, cases=cases)) + "\n")
    print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
