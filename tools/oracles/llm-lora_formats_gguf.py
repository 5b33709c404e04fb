"""Fixtures of the GGUF reader, made with gguf-py (pip install gguf, torch, transformers).

    python tools/oracles/llm-lora_formats_gguf.py

writes to packages/llm-lora/test/fixtures/formats/
- gguf-blocks.json: blocks of every supported type, random bytes and edge cases, with the SHA-256 of their float32 by gguf.quants.dequantize;
- tiny-llama.gguf, and tiny-llama-aligned.gguf with an alignment of 256: a Llama of a few thousand weights with the types of small blocks in it, q and k permuted as llama.cpp's
  converter does it, and tiny-llama.json: its configuration and the SHA-256 of each tensor as Hugging Face has it;
- smollm2-tensors.json: SHA-256 of every float32 tensor of SmolLM2-135M-Instruct, where that model is at hand (EXPCTR_MODELS,
  else ../shared/models beside the repository). The permutation is checked against transformers' own GGUF loader.
"""

import base64
import hashlib
import json
import os
from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize, quantize

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "packages/llm-lora/test/fixtures/formats"
MODELS = Path(os.environ.get("EXPCTR_MODELS", REPOSITORY.parent / "shared/models"))
# where the half-precision numbers of a block stand, in bytes; none where each weight is a number of its own
HALVES = {
    T.F32: (), T.F16: (), T.BF16: (), T.Q8_0: (0,), T.Q4_0: (0,), T.Q4_1: (0, 2), T.Q5_0: (0,), T.Q5_1: (0, 2), T.Q2_K: (80, 82),
    T.Q3_K: (108,), T.Q4_K: (0, 2), T.Q5_K: (0, 2), T.Q6_K: (208,), T.IQ4_NL: (0,), T.IQ4_XS: (0,),
}  # fmt: skip
rng = np.random.default_rng(20241203)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype=np.float32).tobytes()).hexdigest()


def blocks():
    """Random bytes, finite scales: a NaN or an infinity in a file would be damage, and NaN payloads are nobody's promise."""
    out = {}
    for kind, halves in HALVES.items():
        size, nbytes = GGML_QUANT_SIZES[kind]
        count = 24 if size == 32 else 12 if size == 256 else 256
        raw = rng.integers(0, 256, (count, nbytes), dtype=np.uint8)
        edge = np.array([0.0, -0.0, 6e-8, -6e-8, 6.1e-5, 65504.0, -65504.0, 1.0], dtype=np.float16)  # zeros, subnormals, the largest half
        for index, at in enumerate(halves):
            scales = rng.standard_normal(count).astype(np.float16)
            scales[: len(edge)] = edge[::-1] if index else edge
            raw[:, at : at + 2] = scales[:, None].view(np.uint8)
        if size == 1:
            view = {T.F32: np.uint32, T.F16: np.uint16, T.BF16: np.uint16}[kind]
            exponent = {T.F32: 0x7F800000, T.F16: 0x7C00, T.BF16: 0x7F80}[kind]
            words = raw.view(view)
            words[(words & exponent) == exponent] = 0
        out[kind.name] = {"blockSize": size, "bytes": text(raw), "sha256": sha256(dequantize(raw, kind))}
    return out


def permute(weights, heads):
    """LlamaModel.permute of llama.cpp's convert_hf_to_gguf.py."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def unpermute(weights, heads):
    return weights.reshape(heads, weights.shape[0] // heads // 2, 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def tiny(path, alignment=None):
    rng = np.random.default_rng(7)
    hidden, inner, layers, heads, key_value_heads, vocabulary = 32, 64, 2, 4, 2, 40
    writer = GGUFWriter(path, "llama")
    if alignment:
        writer.add_custom_alignment(alignment)
    writer.add_block_count(layers)
    writer.add_context_length(128)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_value_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_vocab_size(vocabulary)
    writer.add_token_list([f"t{i}" for i in range(vocabulary)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_array("expctr.nested", [[1, 2], [3, 4]])
    hashes = {}

    def add(name, own, shape, kind, permuted=None):
        weights = (rng.standard_normal(shape) * 0.3).astype(np.float32)
        stored = permute(weights, permuted) if permuted else weights
        packed = stored if kind == T.F32 else quantize(stored, kind)
        writer.add_tensor(own, packed, raw_dtype=kind)
        read = dequantize(packed, kind).reshape(shape).astype(np.float32)
        hashes[name] = sha256(unpermute(read, permuted) if permuted else read)

    kv = key_value_heads * (hidden // heads)
    add("model.embed_tokens.weight", "token_embd.weight", (vocabulary, hidden), T.Q8_0)
    for layer in range(layers):
        at, own = f"model.layers.{layer}", f"blk.{layer}"
        first = layer == 0
        add(f"{at}.input_layernorm.weight", f"{own}.attn_norm.weight", (hidden,), T.F32)
        add(f"{at}.self_attn.q_proj.weight", f"{own}.attn_q.weight", (hidden, hidden), T.Q4_1 if first else T.F16, heads)
        add(f"{at}.self_attn.k_proj.weight", f"{own}.attn_k.weight", (kv, hidden), T.Q4_0 if first else T.BF16, key_value_heads)
        add(f"{at}.self_attn.v_proj.weight", f"{own}.attn_v.weight", (kv, hidden), T.Q8_0)
        add(f"{at}.self_attn.o_proj.weight", f"{own}.attn_output.weight", (hidden, hidden), T.F16)
        add(f"{at}.post_attention_layernorm.weight", f"{own}.ffn_norm.weight", (hidden,), T.F32)
        add(f"{at}.mlp.gate_proj.weight", f"{own}.ffn_gate.weight", (inner, hidden), T.Q4_1)
        add(f"{at}.mlp.up_proj.weight", f"{own}.ffn_up.weight", (inner, hidden), T.Q4_0)
        add(f"{at}.mlp.down_proj.weight", f"{own}.ffn_down.weight", (hidden, inner), T.F32)
    add("model.norm.weight", "output_norm.weight", (hidden,), T.F32)
    add("lm_head.weight", "output.weight", (vocabulary, hidden), T.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    config = {
        "hiddenSize": hidden,
        "intermediateSize": inner,
        "layers": layers,
        "heads": heads,
        "keyValueHeads": key_value_heads,
        "headDim": hidden // heads,
        "vocabularySize": vocabulary,
        "maxPositions": 128,
        "normEpsilon": float(np.float32(1e-5)),
        "ropeTheta": 10000,
        "ropeScaling": None,
        "tiedEmbeddings": False,
        "bosTokenId": 1,
        "eosTokenIds": [2],
    }
    return {"config": config, "sha256": hashes}


NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
}


def smollm2(folder):
    import torch
    from transformers import AutoModelForCausalLM

    (path,) = folder.glob("*.gguf")
    state = AutoModelForCausalLM.from_pretrained(folder, gguf_file=path.name, dtype=torch.float32).state_dict()
    hashes = {}
    for tensor in GGUFReader(path).tensors:
        parts = tensor.name.removesuffix(".weight").split(".")
        name = f"model.layers.{parts[1]}.{NAMES[parts[2]]}.weight" if parts[0] == "blk" else f"{NAMES[parts[0]]}.weight"
        weights = dequantize(tensor.data, tensor.tensor_type).reshape(tuple(reversed(tensor.shape.tolist())))
        if name.endswith("q_proj.weight"):
            weights = unpermute(weights, 9)
        if name.endswith("k_proj.weight"):
            weights = unpermute(weights, 3)
        assert np.array_equal(state[name].numpy(), weights), name
        hashes[name] = sha256(weights)
    return hashes


def write(name, value):
    (FIXTURES / name).write_text(json.dumps(value, indent=1) + "\n")


FIXTURES.mkdir(parents=True, exist_ok=True)
write("gguf-blocks.json", blocks())
write("tiny-llama.json", tiny(FIXTURES / "tiny-llama.gguf"))
tiny(FIXTURES / "tiny-llama-aligned.gguf", 256)
folder = MODELS / "SmolLM2-135M-Instruct"
if folder.exists():
    write("smollm2-tensors.json", smollm2(folder))
