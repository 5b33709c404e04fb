"""A small safetensors file by the reference implementation (pip install safetensors torch): fixture of reader and writer.

    python tools/oracles/llm-lora_formats_safetensors.py

writes to packages/llm-lora/test/fixtures/formats/ reference.safetensors, reference.json with every tensor's values, and
reference-full.safetensors, the same without the reduced types.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

FIXTURES = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures/formats"
generator = torch.Generator().manual_seed(5)
floats = torch.randn(3, 5, generator=generator) * torch.tensor([1e-6, 1e-3, 1.0, 1e2, 1e4])
tensors = {
    "f32": floats.clone(),
    "f16": floats.to(torch.float16),
    "bf16": floats.to(torch.bfloat16),
    "i32": torch.tensor([[-2147483648, -1], [0, 2147483647]], dtype=torch.int32),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
}
save_file(tensors, FIXTURES / "reference.safetensors", metadata={"format": "pt", "by": "reference implementation"})
full = {name: tensor for name, tensor in tensors.items() if name not in ("f16", "bf16")}
save_file(full, FIXTURES / "reference-full.safetensors", metadata={"format": "pt"})
values = {name: {"shape": list(tensor.shape), "values": (tensor.float() if tensor.is_floating_point() else tensor.int()).flatten().tolist()} for name, tensor in tensors.items()}
for path in FIXTURES.glob("reference*.safetensors"):
    path.chmod(0o644)
(FIXTURES / "reference.json").write_text(json.dumps(values, indent=1) + "\n")
