"""Every form of LoRA that packages/llm-lora reads, by PEFT (pip install torch transformers peft gguf).

    python tools/oracles/llm-lora_peft_variants.py

takes the small models of llm-lora_families.py and writes packages/llm-lora/test/fixtures/formats/peft-variants.json: for each form
adapter_config.json as PEFT saves it, names and shapes of the tensors of adapter_model.safetensors (`values` of that script makes their
numbers), and log-probabilities, entropies and gradients of all that is trained.
"""

import json
import runpy
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors import safe_open

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "packages/llm-lora/test/fixtures/formats/peft-variants.json"
FAMILIES = runpy.run_path(str(Path(__file__).with_name("llm-lora_families.py")))
SOME = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"]

# what a key of a pattern means: the end of a name, a regular expression of it, the whole; the first that matches counts
PATTERNS = dict(
    rank_pattern={"q_proj": 3, r"layers\.1\.mlp\.(up|down)_proj": 1, "^model.layers.0.self_attn.o_proj": 4, "self_attn.q_proj": 1},
    alpha_pattern={r"1\.self_attn\..*": 5, "down_proj": 9.5},
)
VARIANTS = {
    "patterns": ("llama", dict(target_modules=SOME, **PATTERNS)),
    "rslora": ("llama", dict(target_modules=["q_proj", "down_proj"], use_rslora=True, rank_pattern={"down_proj": 3})),
    "dora": ("llama", dict(target_modules=SOME, use_dora=True)),
    "dora, rslora and patterns": ("qwen3", dict(target_modules=SOME, use_dora=True, use_rslora=True, **PATTERNS)),
    "all-linear": ("llama", dict(target_modules="all-linear", rank_pattern={"gate_proj": 1})),
    "regular expressions": (
        "llama",
        dict(target_modules=r"model\.layers\.[01]\.(?P<part>self_attn|mlp)\.(q|k|up)_proj", exclude_modules=r".*\.0\.mlp\..*"),
    ),
    "layers": (
        "smollm3",
        dict(target_modules=SOME, layers_to_transform=[1, 3], layers_pattern=["layers"], exclude_modules=["3.mlp.up_proj"]),
    ),
    "one layer": ("gpt2", dict(target_modules=["c_attn", "mlp.c_proj"], layers_to_transform=1, fan_in_fan_out=True)),
    "dora, transposed": ("gpt2", dict(target_modules="all-linear", use_dora=True, fan_in_fan_out=True)),
}  # fmt: skip


def number(name, shape):
    drawn = FAMILIES["values"](name, shape)
    return 1 + drawn / 4 if name.endswith("magnitude_vector") else drawn / 4


def variant(family, options):
    kind, sizes = FAMILIES["FAMILIES"][family][:2]
    model = FAMILIES["made_up_model"](getattr(transformers, kind)(**sizes))
    rng = np.random.default_rng(0)
    prompts = [[1] + rng.integers(3, 60, n).tolist() for n in (2, 6, 11, 19)]
    peft = get_peft_model(model, LoraConfig(r=2, lora_alpha=6, lora_dropout=0.0, task_type="CAUSAL_LM", **options)).eval()
    factors = FAMILIES["factors_of"](peft)
    for name, factor in factors.items():
        with torch.no_grad():
            factor.copy_(torch.from_numpy(number(name, tuple(factor.shape))))
    with tempfile.TemporaryDirectory() as folder:
        peft.save_pretrained(folder)
        config = json.loads((Path(folder) / "adapter_config.json").read_text())
        with safe_open(Path(folder) / "adapter_model.safetensors", "np") as file:
            tensors = {name: list(file.get_slice(name).get_shape()) for name in sorted(file.keys())}
    for field in ("target_modules", "exclude_modules"):
        if isinstance(config[field], list):
            config[field] = sorted(config[field])
    return dict(family=family, config=config | {"base_model_name_or_path": family}, tensors=tensors, **FAMILIES["outputs_of"](peft, factors, prompts, 4))


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {name: variant(*each) for name, each in VARIANTS.items()}
    TARGET.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    for name, each in found.items():
        print(f"{name}: {len(each['tensors'])} tensors, targets {each['config']['target_modules']}")
