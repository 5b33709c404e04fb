"""Manual check: an adapter saved by @expctr/llm-lora loads in PEFT and changes the logits as it should.

    python tools/oracles/llm-lora_formats_peft_check.py MODEL_FOLDER ADAPTER_FOLDER [ADAPTER_FOLDER ...]

(pip install peft transformers safetensors torch). MODEL_FOLDER is a Hugging Face folder of the base model, or a folder with
config.json and one .gguf file. For each adapter the logits of PEFT's model are compared with those of the base model whose
weights were changed here, W + scale * B A, from the adapter's files alone; PEFT must also report no missing and no unexpected
tensor. All in float64 (the norms are float32 inside), so that only a wrong factor, place or scale can differ. Prints the
largest difference relative to the largest absolute logit, and how far the adapter moves the logits at all; exits with 1 where
the difference exceeds 1e-9.

An adapter to check can be written with the package itself, for instance (after `npm run build`)

    import { loadAdapter, saveAdapter } from '@expctr/llm-lora';
    await saveAdapter('/tmp/adapter', await loadAdapter('packages/llm-lora/test/fixtures/formats/peft-stories260K'));
"""

import copy
import json
import sys
import warnings
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def load_model(folder):
    options = {"dtype": torch.float32}
    gguf = sorted(folder.glob("*.gguf"))
    if gguf and not list(folder.glob("*.safetensors")):
        options["gguf_file"] = gguf[0].name
    return AutoModelForCausalLM.from_pretrained(folder, **options).double().eval()


def changed_by_hand(model, folder):
    config = json.loads((folder / "adapter_config.json").read_text())
    scale = config["lora_alpha"] / (config["r"] ** 0.5 if config["use_rslora"] else config["r"])
    tensors = load_file(folder / "adapter_model.safetensors")
    modules = dict(model.named_modules())
    for name, a in tensors.items():
        if name.endswith(".lora_A.weight"):
            b = tensors[name.replace(".lora_A.", ".lora_B.")]
            module = modules[name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")]
            module.weight.data += scale * b.double() @ a.double()
    return model


def check(base, folder, ids):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapted = PeftModel.from_pretrained(copy.deepcopy(base), folder).double().eval()
    trouble = [str(w.message) for w in caught if "adapter" in str(w.message).lower() and "key" in str(w.message).lower()]
    with torch.no_grad():
        by_peft = adapted(ids).logits
        by_hand = changed_by_hand(copy.deepcopy(base), folder)(ids).logits
        plain = base(ids).logits
    size = by_hand.abs().max()
    difference = ((by_peft - by_hand).abs().max() / size).item()
    moved = ((by_peft - plain).abs().max() / size).item()
    print(f"{folder.name}: difference {difference:.2e}, the adapter moves logits by {moved:.2e}", *trouble, sep="\n  ")
    return difference <= 1e-9 and not trouble


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    base = load_model(Path(sys.argv[1]))
    torch.manual_seed(0)
    ids = torch.randint(3, base.config.vocab_size, (2, 24))
    results = [check(base, Path(folder), ids) for folder in sys.argv[2:]]
    sys.exit(0 if all(results) else 1)


main()
