"""Fixed numbers through one PPO update, computed independently of the TypeScript code.

Writes packages/ppo/test/fixtures/ppo-update.json. Everything is done in float64 on padded arrays with masks (the
package works on ragged arrays), advantages by the naive double sum, gradients by torch's autograd. Where trl still has
the function (its GRPO loss holds the same clipped surrogate, two-sided clipping and k3), the result is compared with it.

    python tools/oracles/ppo_update.py      # needs torch, numpy and, for the cross-checks, trl
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

LENGTHS = [7, 1, 4, 6, 3, 5]
PADDED = 9
FIXTURE = Path(__file__).parents[2] / "packages/ppo/test/fixtures/ppo-update.json"

BASE = dict(
    klEstimator="k1", klCoefficient=0.05, klTarget=2.0, klHorizon=100, discount=0.99, **{"lambda": 0.95},
    whitenRewards=False, whitenAdvantages=True, clipRange=0.2, valueClipRange=0.2, valueCoefficient=0.1,
    entropyCoefficient=0.0, dualClip=3.0,
)
CASES = {
    "k1, ordinary ratios": dict(BASE),
    "k3, whitened rewards, an entropy bonus": dict(BASE, klEstimator="k3", whitenRewards=True, entropyCoefficient=0.01, klTarget=0.1),
    "k2, raw advantages, lambda 0.5": dict(BASE, klEstimator="k2", whitenAdvantages=False, **{"lambda": 0.5, "discount": 0.9}),
    "ratios beyond the dual clip": dict(BASE, far="dual clip"),
    "ratios beyond the log-ratio clamp": dict(BASE, far="clamp", klTarget=None),
}


def float32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def draw(rng, far):
    shape = (len(LENGTHS), PADDED)
    old = float32(-rng.gamma(2.0, 0.8, shape))
    moved = rng.normal(0, 0.25, shape)
    if far == "dual clip":
        moved[0, :6] = [1.8, 2.4, -2.2, 4.0, -5.0, 3.0]
        moved[3, :6] = [2.1, 3.0, 5.0, -4.0, 1.5, 2.5]
    if far == "clamp":
        moved[0, :6] = [1.8, 2.4, -2.2, 25.0, -25.0, 19.0]
        moved[3, :6] = [2.1, 3.0, 25.0, -21.0, 1.5, 20.5]
    return dict(
        oldLogProbs=old,
        referenceLogProbs=float32(old + rng.normal(0, 0.3, shape)),
        newLogProbs=float32(old + moved),
        oldValues=float32(rng.normal(0.3, 0.5, shape)),
        newValues=float32(rng.normal(0.3, 0.6, shape)),
        entropy=float32(rng.gamma(2.0, 0.5, shape)),
        scores=float32(rng.normal(0.5, 1.0, len(LENGTHS))),
    )


def whiten(x, mask, keep_mean):
    n = mask.sum()
    mean = (x * mask).sum() / n
    variance = (((x - mean) * mask) ** 2).sum() / n
    return ((x - mean) / np.sqrt(variance + 1e-8) + (mean if keep_mean else 0.0)) * mask


def advantages_by_the_sum(rewards, values, gamma, lam):
    """A[t] = sum over l of (gamma lam)^l delta[t + l], the definition, one row after the other."""
    advantages = np.zeros_like(rewards)
    for row, length in enumerate(LENGTHS):
        after = [values[row, t + 1] if t + 1 < length else 0.0 for t in range(length)]
        delta = [rewards[row, t] + gamma * after[t] - values[row, t] for t in range(length)]
        for t in range(length):
            advantages[row, t] = sum((gamma * lam) ** step * delta[t + step] for step in range(length - t))
    return advantages


def update(config, data):
    mask = (np.arange(PADDED)[None, :] < np.array(LENGTHS)[:, None]).astype(np.float64)
    log_ratio = (data["oldLogProbs"] - data["referenceLogProbs"]) * mask
    kl = {"k1": log_ratio, "k2": 0.5 * log_ratio**2, "k3": np.exp(-log_ratio) - 1 + log_ratio}[config["klEstimator"]] * mask
    rewards = -config["klCoefficient"] * kl
    rewards[np.arange(len(LENGTHS)), np.array(LENGTHS) - 1] += data["scores"]
    used = whiten(rewards, mask, True) if config["whitenRewards"] else rewards
    raw = advantages_by_the_sum(used, data["oldValues"] * mask, config["discount"], config["lambda"]) * mask
    returns = (raw + data["oldValues"]) * mask
    advantages = whiten(raw, mask, False) if config["whitenAdvantages"] else raw

    tensor = lambda x: torch.tensor(x, dtype=torch.float64)
    m, a, r = tensor(mask), tensor(advantages), tensor(returns)
    new = tensor(data["newLogProbs"]).requires_grad_()
    values = tensor(data["newValues"]).requires_grad_()
    old, old_values = tensor(data["oldLogProbs"]), tensor(data["oldValues"])
    n = m.sum()
    mean = lambda x: (x * m).sum() / n

    ratio = torch.exp(torch.clamp(new - old, -20, 20))
    first, second = -a * ratio, -a * torch.clamp(ratio, 1 - config["clipRange"], 1 + config["clipRange"])
    surrogate = torch.max(first, second)
    surrogate = torch.where(a < 0, torch.min(surrogate, -a * config["dualClip"]), surrogate)
    policy_loss = mean(surrogate)
    clipped_values = old_values + torch.clamp(values - old_values, -config["valueClipRange"], config["valueClipRange"])
    e1, e2 = (values - r) ** 2, (clipped_values - r) ** 2
    value_loss = 0.5 * mean(torch.max(e1, e2))
    entropy = mean(tensor(data["entropy"]))
    loss = policy_loss + config["valueCoefficient"] * value_loss - config["entropyCoefficient"] * entropy
    loss.backward()

    observed = kl.sum(1).mean()
    error = 0.0 if config["klTarget"] is None else float(np.clip(observed / config["klTarget"] - 1, -0.2, 0.2))
    result = dict(
        kl=kl, rewards=rewards, rawAdvantages=raw, returns=returns, advantages=advantages,
        gradientLogProbs=new.grad.numpy() * 1.0, gradientValues=values.grad.numpy() * 1.0,
        loss=loss.item(), policyLoss=policy_loss.item(), valueLoss=value_loss.item(), entropy=entropy.item(),
        approximateKl=mean(0.5 * (new - old) ** 2).item(), ratio=mean(ratio).item(),
        policyClipped=mean((second > first).double()).item(), valueClipped=mean((e2 > e1).double()).item(),
        largestLogRatio=((new - old).abs() * m).max().item(),
        objectiveKl=observed, nextKlCoefficient=config["klCoefficient"] * (1 + error * len(LENGTHS) / config["klHorizon"]),
    )
    return result, mask, advantages


def cross_check_with_trl(config, data, mask, advantages, result):
    """trl's GRPO loss with per-token advantages is this surrogate: delta is the dual clip, beta adds k3."""
    from trl.trainer.grpo_trainer import GRPOTrainer

    metrics = {"train": defaultdict(list)}
    new = torch.tensor(data["newLogProbs"], dtype=torch.float64).requires_grad_()
    def trainer(beta):
        return SimpleNamespace(
            aux_loss_enabled=False, top_entropy_quantile=1.0, off_policy_mask_threshold=None, importance_sampling_level="token",
            beta=beta, loss_type="bnpo", epsilon_low=config["clipRange"], epsilon_high=config["clipRange"], use_vllm=False,
            args=SimpleNamespace(delta=config["dualClip"], use_bias_correction_kl=False), model=SimpleNamespace(training=True),
            current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False, _metrics=metrics,
            accelerator=SimpleNamespace(reduce=lambda x, reduction: x, gather=lambda x: x),
            _get_per_token_logps_and_entropies=lambda *_, **__: (new, torch.tensor(data["entropy"]), None),
        )
    ids = torch.zeros(mask.shape, dtype=torch.long)
    inputs = dict(
        prompt_ids=ids[:, :1], prompt_mask=torch.ones_like(ids[:, :1]), completion_ids=ids,
        completion_mask=torch.tensor(mask), advantages=torch.tensor(advantages),
        old_per_token_logps=torch.tensor(data["oldLogProbs"]), ref_per_token_logps=torch.tensor(data["referenceLogProbs"]),
    )
    loss = GRPOTrainer._compute_loss(trainer(0.0), None, inputs)
    loss.backward()
    assert abs(loss.item() - result["policyLoss"]) < 1e-9, (loss.item(), result["policyLoss"])
    assert np.abs(new.grad.numpy() - result["gradientLogProbs"]).max() < 1e-9
    with torch.no_grad():
        new.copy_(torch.tensor(data["oldLogProbs"]))
    GRPOTrainer._compute_loss(trainer(1.0), None, inputs)
    if config["klEstimator"] == "k3":
        assert abs(metrics["train"]["kl"][-1] - result["kl"].sum() / mask.sum()) < 1e-6


def ragged(values):
    if np.ndim(values) != 2:
        return np.asarray(values).tolist() if np.ndim(values) else values
    return [values[row, :length].tolist() for row, length in enumerate(LENGTHS)]


def main():
    rng = np.random.default_rng(20260101)
    cases = []
    for name, settings in CASES.items():
        settings = dict(settings)
        far = settings.pop("far", None)
        data = draw(rng, far)
        result, mask, advantages = update(settings, data)
        if far != "clamp":  # trl has no clamp of the log-ratio
            cross_check_with_trl(settings, data, mask, advantages, result)
        case = dict(name=name, config=settings, inputs={k: ragged(v) for k, v in data.items()}, expected={k: ragged(v) for k, v in result.items()})
        cases.append(case)
        print(f"{name}: loss {result['loss']:.6f}, clipped {result['policyClipped']:.3f}")
    FIXTURE.write_text(json.dumps(dict(source="tools/oracles/ppo_update.py", padded=PADDED, cases=cases)) + "\n")
    print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
