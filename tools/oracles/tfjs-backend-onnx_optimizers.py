"""Torch's optimizers on fixed gradients: writes packages/tfjs-backend-onnx/test/fixtures/optimizers.json.

Each case: start parameters, one gradient per step, and the parameters after each step (float32, CPU).
Run with a Python that has torch: python tools/oracles/tfjs-backend-onnx_optimizers.py
"""

import json
from pathlib import Path

import torch

STEPS = 5
generator = torch.Generator().manual_seed(7)
start = {"w": torch.randn(3, 2, generator=generator), "b": torch.randn(2, generator=generator)}
gradients = [{name: torch.randn(value.shape, generator=generator) * 3 for name, value in start.items()} for _ in range(STEPS)]
# one step with small gradients and one with a zero, where epsilon and the bias correction show
gradients[1] = {name: value * 1e-4 for name, value in gradients[1].items()}
gradients[3]["b"][0] = 0.0


def run(make, clip=None):
    params = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimizer = make(params.values())
    after, norms = [], []
    for step in gradients:
        for name, param in params.items():
            param.grad = step[name].clone()
        if clip is not None:
            norms.append(torch.nn.utils.clip_grad_norm_(params.values(), clip).item())
        optimizer.step()
        after.append({name: param.detach().flatten().tolist() for name, param in params.items()})
    return {"after": after, **({"norms": norms} if clip is not None else {})}


cases = {
    "sgd": run(lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "nesterov": run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True)),
    "adam": run(lambda p: torch.optim.Adam(p, lr=0.01)),
    "adam with other constants": run(lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3)),
    "adamw": run(lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
    "clipped adam": run(lambda p: torch.optim.Adam(p, lr=0.01), clip=1.0),
}
fixture = {
    "torch": torch.__version__,
    "shapes": {name: list(value.shape) for name, value in start.items()},
    "start": {name: value.flatten().tolist() for name, value in start.items()},
    "gradients": [{name: value.flatten().tolist() for name, value in step.items()} for step in gradients],
    "cases": cases,
}
path = Path(__file__).parents[2] / "packages/tfjs-backend-onnx/test/fixtures/optimizers.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(fixture, indent=1) + "\n")
print(path)
