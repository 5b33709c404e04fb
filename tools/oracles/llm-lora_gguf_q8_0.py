"""Blocks of Q8_0 as gguf-py writes them, for packages/llm-lora (pip install gguf torch transformers peft).

    python tools/oracles/llm-lora_gguf_q8_0.py

writes packages/llm-lora/test/fixtures/formats/gguf-q8_0.json: float32 values and the bytes of their blocks, in base64.
"""

import base64
import json
from pathlib import Path

import numpy as np
from gguf.constants import GGMLQuantizationType
from gguf.quants import quantize

TARGET = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures/formats/gguf-q8_0.json"


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


if __name__ == "__main__":
    rng = np.random.default_rng(8)
    size = np.array([0, 1e-7, 1e-4, 1, 3, 127, 1e5], dtype=np.float32)[:, None]  # a block of zeros, and scales below the smallest half
    values = (rng.standard_normal((7, 32)).astype(np.float32) * size).astype(np.float32)
    halves = np.append(np.arange(31, dtype=np.float32) - 15.5, 127).astype(np.float32)  # rounded half away from zero
    values = np.vstack([values, halves])
    TARGET.write_text(json.dumps(dict(values=text(values), blocks=text(quantize(values, GGMLQuantizationType.Q8_0)))) + "\n")
