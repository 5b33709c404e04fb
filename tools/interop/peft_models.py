"""The Python side of tools/interop/peft.ts (pip install torch transformers peft gguf).

    python peft_models.py FOLDER make     writes FOLDER/NAME/base for each family of tools/oracles/llm-lora_families.py
    python peft_models.py FOLDER check    loads what was made of it: FOLDER/NAME/VARIANT/{adapter,merged,numbers.json}

Each adapter is loaded by PEFT over its base, and each merged folder by transformers alone; their logits are held against one another,
and PEFT's log-probabilities against those of numbers.json. Prints a line for each, and ends with 1 where something differs.
"""

import json
import runpy
import sys
import warnings
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from transformers import AutoModelForCausalLM

warnings.filterwarnings("ignore")
FAMILIES = runpy.run_path(str(Path(__file__).resolve().parents[1] / "oracles/llm-lora_families.py"))


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def make(root):
    for name, (kind, sizes, *_) in FAMILIES["FAMILIES"].items():
        FAMILIES["made_up_model"](getattr(transformers, kind)(**sizes)).save_pretrained(root / name / "base")
        print(name, flush=True)


def check(root):
    failed = False
    for folder in sorted(root.glob("*/*/numbers.json")):
        numbers = json.loads(folder.read_text())
        variant, ids = folder.parent, numbers["prompt"] + numbers["response"]
        with torch.no_grad():
            adapted = PeftModel.from_pretrained(load(variant.parent / "base"), variant / "adapter").eval()(torch.tensor([ids])).logits[0]
            merged = load(variant / "merged")(torch.tensor([ids])).logits[0]
        rows = torch.log_softmax(adapted, -1)[len(numbers["prompt"]) - 1 : -1]
        expected = rows.gather(1, torch.tensor(numbers["response"])[:, None])[:, 0]
        off = float((expected - torch.tensor(numbers["logProbs"])).abs().max())
        off_merged = float((merged - adapted).abs().max() / adapted.abs().max())
        failed |= not (off < 5e-5 and off_merged < 1e-5)
        print(f"{variant.parent.name}, {variant.name}: log-probabilities {off:.1e} nats, merged logits {off_merged:.1e} of the largest")
    raise SystemExit(failed)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    {"make": make, "check": check}[sys.argv[2]](Path(sys.argv[1]))
