"""A LoRA adapter by PEFT on stories260K (pip install peft transformers torch): fixture of the adapter reader and writer.

    python tools/oracles/llm-lora_formats_peft.py

reads stories260K in EXPCTR_MODELS (else ../shared/models beside the repository) and writes to
packages/llm-lora/test/fixtures/formats/ the folder peft-stories260K (r = 2 on q_proj and v_proj, both factors random), and
peft-stories260K.json: token ids with the float32 logits of the last position, with the adapter and without.
"""

import json
import os
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "packages/llm-lora/test/fixtures/formats"
MODELS = Path(os.environ.get("EXPCTR_MODELS", REPOSITORY.parent / "shared/models"))

torch.manual_seed(11)
model = AutoModelForCausalLM.from_pretrained(MODELS / "stories260K", dtype=torch.float32)
model.config._name_or_path = model.name_or_path = "stories260K"
config = LoraConfig(
    r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", base_model_name_or_path="stories260K"
)
adapted = get_peft_model(model, config)
adapted.peft_config["default"].base_model_name_or_path = "stories260K"
for name, parameter in adapted.named_parameters():
    if "lora_" in name:
        torch.nn.init.normal_(parameter, std=0.2)
folder = FIXTURES / "peft-stories260K"
adapted.save_pretrained(folder)
(folder / "README.md").unlink(missing_ok=True)

ids = torch.tensor([[1, 403, 407, 261, 378]])
adapted.eval()
with torch.no_grad():
    with_adapter = adapted(ids).logits[0, -1]
    with adapted.disable_adapter():
        without = adapted(ids).logits[0, -1]
result = {"ids": ids[0].tolist(), "withAdapter": with_adapter.tolist(), "base": without.tolist()}
(FIXTURES / "peft-stories260K.json").write_text(json.dumps(result) + "\n")
