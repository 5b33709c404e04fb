"""Special tokens that files beside tokenizer.json name, by transformers, for packages/llm-lora (pip install transformers).

    python tools/oracles/llm-lora_special_tokens.py

reads stories260K in EXPCTR_MODELS (else ../shared/models beside the repository) and writes
packages/llm-lora/test/fixtures/formats/special-tokens.json: for each case the files and what a chat and the names become.
"""

import json
import os
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

REPOSITORY = Path(__file__).resolve().parents[2]
TARGET = REPOSITORY / "packages/llm-lora/test/fixtures/formats/special-tokens.json"
MODEL = Path(os.environ.get("EXPCTR_MODELS", REPOSITORY.parent / "shared/models")) / "stories260K"

FLAGS = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False, "special": True}
STRIPPING = "{% for m in messages %}<s> {{ m['content'] }} </s>{% endfor %}"
CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "chat_template": "{% for m in messages %}<|u|>{{ m['content'] }} <|e|>{% endfor %}",
}
NAMELESS = {key: value for key, value in CONFIG.items() if not key.endswith("_token")}


def token(content, **flags):
    return {"content": content, **FLAGS, **flags}


# name: (tokenizer_config.json, special_tokens_map.json)
CASES = {
    "extra_special_tokens, a list": ({**CONFIG, "extra_special_tokens": ["<|u|>", "<|e|>"]}, None),
    "extra_special_tokens, an object": ({**CONFIG, "extra_special_tokens": {"user_token": "<|u|>", "end_token": "<|e|>"}}, None),
    "additional_special_tokens": ({**CONFIG, "additional_special_tokens": ["<|e|>", "<|u|>"]}, None),
    "added_tokens_decoder": ({**CONFIG, "added_tokens_decoder": {"513": token("<|u|>"), "512": token("<|e|>")}}, None),
    "names of its own": ({**CONFIG, "user_token": "<|u|>", "end_token": "<|e|>", "mask_token": "<|m|>"}, None),
    "a token of the vocabulary": ({**CONFIG, "chat_template": "{% for m in messages %}once{{ m['content'] }}{% endfor %}", "extra_special_tokens": ["once"]}, None),
    "special_tokens_map.json": (NAMELESS, {"bos_token": "<|u|>", "eos_token": token("<|e|>"), "pad_token": "<unk>"}),
    "special_tokens_map.json over names": ({**CONFIG, "eos_token": "<s>"}, {"eos_token": "<|e|>", "extra_special_tokens": ["<|u|>"]}),
    "added_tokens_decoder over special_tokens_map.json": (
        {**CONFIG, "added_tokens_decoder": {"512": token("<|u|>"), "513": token("<|e|>")}},
        {"eos_token": "<|e|>"},
    ),
    "flags of a name": ({**CONFIG, "eos_token": {"__type": "AddedToken", **token("<|e|>", lstrip=True)}, "extra_special_tokens": ["<|u|>"]}, None),
    "flags of added_tokens_decoder": (
        {**CONFIG, "chat_template": STRIPPING, "added_tokens_decoder": {"1": token("<s>", rstrip=True), "2": token("</s>", lstrip=True)}},
        None,
    ),
}


def main():
    cases = []
    for name, (config, names) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "tokenizer.json").write_text((MODEL / "tokenizer.json").read_text())
            Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
            if names is not None:
                Path(folder, "special_tokens_map.json").write_text(json.dumps(names))
            tokenizer = AutoTokenizer.from_pretrained(folder)
            ids = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=True, return_dict=False)
            named = {"bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "size": len(tokenizer)}
            cases.append({"name": name, "config": config, "names": names, "ids": ids, **named})
    TARGET.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    for case in cases:
        print(case["name"], case["ids"], case["bos"], case["eos"], case["size"])


if __name__ == "__main__":
    main()
