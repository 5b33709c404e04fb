"""A LoRA adapter whose target_modules are paths, by PEFT, for packages/llm-lora (pip install torch transformers peft).

    python tools/oracles/llm-lora_adapter_targets.py

takes the small Llama of llm-lora_families.py and writes packages/llm-lora/test/fixtures/formats/peft-paths:
adapter_config.json, adapter_model.safetensors and numbers.json (log-probabilities of a response, in nats).
"""

import json
import runpy
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, get_peft_model

FIXTURES = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures"
TARGET = FIXTURES / "formats/peft-paths"
PROMPT, RESPONSE = [1, 5, 9, 14, 20, 7], [3, 11, 30, 8, 2]
TARGETS = ["model.layers.1.self_attn.q_proj", "layers.0.mlp.up_proj", "0.self_attn.v_proj", "self_attn.o_proj"]


def main():
    torch.manual_seed(3)
    families = runpy.run_path(str(Path(__file__).with_name("llm-lora_families.py")))
    model = families["made_up_model"](transformers.LlamaConfig(**families["FAMILIES"]["llama"][1]))
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=2, lora_alpha=6, target_modules=TARGETS))
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.3 * torch.randn_like(parameter)
    adapted.eval().save_pretrained(TARGET)
    (TARGET / "README.md").unlink(missing_ok=True)
    config = TARGET / "adapter_config.json"
    text = json.loads(config.read_text()) | {"base_model_name_or_path": "llama", "target_modules": TARGETS}
    config.write_text(json.dumps(text, indent=2))
    with torch.no_grad():
        logits = adapted(torch.tensor([PROMPT + RESPONSE])).logits[0]
    rows = torch.log_softmax(logits, -1)[len(PROMPT) - 1 : -1]
    values = [float(row[token]) for row, token in zip(rows, RESPONSE)]
    modules = sorted(name.removeprefix("base_model.model.model.").removesuffix(".lora_A.default") for name, _ in adapted.named_modules() if name.endswith("lora_A.default"))
    (TARGET / "numbers.json").write_text(json.dumps({"prompt": PROMPT, "response": RESPONSE, "logProbs": values, "modules": modules}) + "\n")
    print(modules, values)


if __name__ == "__main__":
    main()
