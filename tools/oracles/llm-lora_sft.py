"""What the Trainer of transformers makes of a LoRA adapter, for packages/llm-lora: losses of ten updates and the adapter behind them.

    python tools/oracles/llm-lora_sft.py

(pip install torch transformers peft accelerate gguf). Two of the tiny models of llm-lora_families.py, one of them with a window, are
fine-tuned on rows of uneven lengths, whose updates are accumulated from parts of two rows: the loss is the sum over response tokens
divided by their number in the whole update, as transformers has it since 4.46. Writes packages/llm-lora/test/fixtures/sft/trainer.json.
"""

import importlib.util
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from peft import LoraConfig, get_peft_model
from torch.utils.data import SequentialSampler

HERE = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("families", HERE / "llm-lora_families.py")
families = importlib.util.module_from_spec(spec)
spec.loader.exec_module(families)

SETTINGS = {
    "linear": dict(lr_scheduler_type="linear", warmup_steps=2, weight_decay=0.1, max_grad_norm=0.05, learning_rate=0.02),
    "cosine": dict(lr_scheduler_type="cosine", warmup_steps=0, weight_decay=0.0, max_grad_norm=0.0, learning_rate=0.01),
}


class InOrder(transformers.Trainer):
    """A trainer that takes rows as they come and keeps the loss of each update unrounded."""

    def _get_train_sampler(self, *arguments):
        return SequentialSampler(self.train_dataset)

    def training_step(self, *arguments, **named):
        loss = super().training_step(*arguments, **named)
        self.parts.append(float(loss))
        return loss


def collate(rows):
    width = max(len(row["prompt"]) + len(row["response"]) for row in rows)
    pad = lambda values, fill: values + [fill] * (width - len(values))
    return {
        "input_ids": torch.tensor([pad(row["prompt"] + row["response"], 0) for row in rows]),
        "attention_mask": torch.tensor([pad([1] * (len(row["prompt"]) + len(row["response"])), 0) for row in rows]),
        "labels": torch.tensor([pad([-100] * len(row["prompt"]) + row["response"], -100) for row in rows]),
    }


def trained(family, settings, rows):
    kind, sizes, _, _, _, linears = families.FAMILIES[family]
    model = families.made_up_model(getattr(transformers, kind)(**sizes))
    peft = get_peft_model(model, LoraConfig(r=2, lora_alpha=6, target_modules=linears, lora_dropout=0.0, task_type="CAUSAL_LM"))
    path = lambda name: name.removesuffix(".default.weight").removeprefix("base_model.model.").removeprefix("model.")
    factors = {path(name): p for name, p in peft.named_parameters() if "lora_" in name}
    for name, factor in factors.items():
        with torch.no_grad():
            factor.copy_(torch.from_numpy(families.values(name, tuple(factor.shape)) / 4))
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder, per_device_train_batch_size=2, gradient_accumulation_steps=3, num_train_epochs=5, logging_strategy="no", save_strategy="no",
            report_to=[], use_cpu=True, remove_unused_columns=False, optim="adamw_torch", disable_tqdm=True, **settings,
        )  # fmt: skip
        trainer = InOrder(model=peft, args=arguments, train_dataset=rows, data_collator=collate)
        trainer.parts = []
        trainer.train()
    losses = [sum(trainer.parts[at : at + 3]) for at in range(0, len(trainer.parts), 3)]
    last = sorted(factors)[-1]
    return dict(losses=losses, factor=last, values=factors[last].detach().flatten().tolist())


def main():
    torch.set_num_threads(1)
    rng = np.random.default_rng(7)
    rows = []
    for index in range(12):
        prompt, response = (rng.integers(3, 60, int(n)).tolist() for n in (2 + rng.integers(0, 12), 1 + rng.integers(0, 14)))
        rows.append(dict(prompt=[1] + prompt, response=response + [2]))
    runs = [
        dict(family=family, schedule=schedule, **trained(family, SETTINGS[schedule], rows))
        for family, schedule in (("llama", "linear"), ("gemma3_text", "cosine"))
    ]
    out = HERE.parents[1] / "packages/llm-lora/test/fixtures/sft/trainer.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(dict(rows=rows, runs=runs), separators=(",", ":")) + "\n")
    for run in runs:
        print(run["family"], run["schedule"], [round(loss, 4) for loss in run["losses"]])


if __name__ == "__main__":
    main()
