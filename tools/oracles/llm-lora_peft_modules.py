"""Which modules PEFT adapts, and with which rank and alpha, for packages/llm-lora (pip install torch peft).

    python tools/oracles/llm-lora_peft_modules.py

writes packages/llm-lora/test/fixtures/formats/peft-modules.json: names of modules, and for many configurations the places of those that
PEFT's own functions take for targets, each with its rank and alpha.
"""

import itertools
import json
from pathlib import Path

from peft import LoraConfig
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils.other import get_pattern_key

TARGET = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures/formats/peft-modules.json"
BLOCK = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj"]
NAMES = [f"model.layers.{layer}.{module}" for layer in (0, 1, 2, 11) for module in BLOCK]
NAMES += [f"transformer.h.{layer}.{module}" for layer in (0, 1, 11) for module in ("attn.c_attn", "attn.c_proj", "mlp.c_proj")]
NAMES += ["lm_head"]

TARGETS = [
    ["q_proj"], ["proj"], ["self_attn.q_proj", "c_proj"], ["1.self_attn.k_proj"], ["model.layers.0.mlp.up_proj", "lm_head"],
    ["q_proj", "k_proj", "up_proj", "down_proj", "c_attn", "c_proj"],
    r".*_proj", r"q_proj", r".*\.(q|k)_proj", r".*(attn)\.[^.]+", r"model\.layers\.(0|1)\..*", r"(?i).*\.Q_PROJ", r".*1\.(?:mlp|attn)\.\w+",
    r"(?P<head>lm)_head", r"(?!.*mlp).*proj", r".*(?<=q)_proj$", r".*\d{2}\..*", r"[^l].*", r"^model.*o_proj$", r"model.layers.1.mlp.up_proj",
]  # fmt: skip
EXCLUDED = [None, ["o_proj", "11.mlp.down_proj"], r".*\.0\..*", ["layers.1.self_attn.q_proj"]]
LAYERS = [(None, None), (1, None), ([0, 11], None), ([1, 2], ["layers"]), ([0], "h"), ([0, 1], [r"lay\w+", "h"]), ([1], ["blocks"])]
RANKS = [
    {}, {"q_proj": 3}, {"proj": 3}, {r".*_proj": 3, "q_proj": 4}, {r"^model\.layers\.0\..*": 5, r"layers.1.self_attn.q_proj": 6},
    {r"(q|k)_proj": 7, "o_proj": 8}, {r"q_proj|c_attn": 9}, {r"\d+.mlp.up_proj": 2}, {r"mlp.*": 11}, {"model.layers.2.mlp.down_proj": 12},
]  # fmt: skip


def main():
    cases = []
    for at, (targets, excluded, (layers, pattern)) in enumerate(itertools.product(TARGETS, EXCLUDED, LAYERS)):
        if isinstance(targets, str) and layers is not None:
            continue
        ranks, alphas = RANKS[at % len(RANKS)], RANKS[(3 * at + 1) % len(RANKS)]
        config = LoraConfig(r=16, lora_alpha=32, target_modules=targets, exclude_modules=excluded, layers_to_transform=layers, layers_pattern=pattern)
        found = {}
        for place, name in enumerate(NAMES):
            match = check_target_module_exists(config, name)
            if match and type(match).__name__ != "_ExcludedModule":
                found[place] = [ranks.get(get_pattern_key(ranks, name), 16), alphas.get(get_pattern_key(alphas, name), 32)]
        cases.append([targets, excluded, layers, pattern, ranks, alphas, found])
    TARGET.write_text(json.dumps(dict(names=NAMES, cases=cases), separators=(",", ":")) + "\n")
    print(len(cases), "configurations,", sum(len(case[-1]) for case in cases), "modules adapted")


if __name__ == "__main__":
    main()
