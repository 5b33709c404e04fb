"""Fixtures of one model family for packages/llm-lora: a tiny model of random weights, and what transformers and peft make of it.

    python tools/oracles/llm-lora_families.py NAME [NAME ...]

(pip install torch transformers peft gguf safetensors). For each family writes to packages/llm-lora/test/fixtures/families/NAME/
- config.json, model.safetensors: the model, float16 (its weights are rounded to it, so that every form holds the same numbers);
- gguf/model.gguf: the same under llama.cpp's names, by gguf-py's own table of names; transformers must read the same logits from it;
- adapter/: an adapter on all linear layers, both factors random, as PEFT saves it;
- numbers.json: logits of a padded batch, greedy continuations, and with the adapter log-probabilities, entropies and the gradients
  of every factor, in float32.

A new family is one entry of FAMILIES.
"""

import base64
import json
import shutil
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config

FIXTURES = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures/families"

# every size differs from every other one, so that no two of them can be mistaken for one another
SIZES = dict(
    hidden_size=16, intermediate_size=28, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=60,
    max_position_embeddings=48, rope_theta=10000.0, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
)  # fmt: skip
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def permute(weights, heads):
    """LlamaModel.permute of llama.cpp's convert_hf_to_gguf.py."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def permute_llama(name, weights):
    if name.endswith("q_proj.weight"):
        return permute(weights, SIZES["num_attention_heads"])
    return permute(weights, SIZES["num_key_value_heads"]) if name.endswith("k_proj.weight") else weights


# name: configuration, llama.cpp's architecture, what its converter changes of a tensor, linear layers of a block
FAMILIES = {
    "llama": (LlamaConfig(**SIZES, tie_word_embeddings=False), gguf.MODEL_ARCH.LLAMA, permute_llama, LINEARS),
    "qwen2": (Qwen2Config(**SIZES, tie_word_embeddings=True), gguf.MODEL_ARCH.QWEN2, lambda name, weights: weights, LINEARS),
}


def floats(x):
    return base64.b64encode(np.ascontiguousarray(x, dtype="<f4").tobytes()).decode()


def wave(length, start):
    """The same numbers in Python and JavaScript without storing them: sin(start + 0.7 i), as float32."""
    return torch.tensor(np.sin(start + 0.7 * np.arange(length)).astype("f4"))


def random_model(config):
    model = AutoModelForCausalLM.from_config(config).float().eval()
    for index, (name, parameter) in enumerate(sorted(model.named_parameters())):
        drawn = torch.from_numpy(np.random.default_rng(index).standard_normal(parameter.shape).astype("f4"))
        if "embed" in name or "lm_head" in name:
            values = drawn
        elif name.endswith(".bias"):
            values = 0.7 * drawn
        else:
            values = 1 + 0.3 * drawn if parameter.ndim == 1 else 0.35 * drawn
        with torch.no_grad():
            parameter.copy_(values.half().float())
    return model


def padded(rows):
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    return dict(input_ids=ids, attention_mask=torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]))


def save(model, folder):
    half = AutoModelForCausalLM.from_config(model.config).half()
    half.load_state_dict(model.state_dict())
    half.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def save_gguf(model, arch, change, path):
    config = model.config
    path.parent.mkdir(exist_ok=True)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_token_list([f"t{i}" for i in range(config.vocab_size)])
    writer.add_bos_token_id(config.bos_token_id)
    writer.add_eos_token_id(config.eos_token_id)
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        weights = change(name, tensor.numpy())
        # vectors stay float32, as the converter keeps them
        stored = weights if weights.ndim == 1 else weights.astype(np.float16)
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits_of(model, prompts):
    """Logits at each prompt's last three places, from one right-padded batch."""
    with torch.no_grad():
        logits = model(**padded(prompts)).logits
    places = [[row, place] for row, prompt in enumerate(prompts) for place in range(max(0, len(prompt) - 3), len(prompt))]
    picked = torch.stack([logits[row, place] for row, place in places])
    vocabulary = list(range(logits.shape[-1]))
    return picked, dict(prompts=prompts, places=places, vocabulary=vocabulary, logits=floats(picked), largest=float(picked.abs().max()))


def greedy(model, prompt, count=20):
    tokens, margin = list(prompt), float("inf")
    for _ in range(count):
        with torch.no_grad():
            best = model(torch.tensor([tokens])).logits[0, -1].topk(2)
        tokens.append(int(best.indices[0]))
        margin = min(margin, float(best.values[0] - best.values[1]))
    assert margin > 1e-3, f"two tokens are nearly as good: {margin}"
    return dict(prompt=prompt, tokens=tokens[len(prompt) :])


def with_adapter(model, linears, prompts, folder):
    model.config._name_or_path = model.name_or_path = f"tiny-{model.config.model_type}"
    peft = get_peft_model(model, LoraConfig(r=2, lora_alpha=6, target_modules=linears, lora_dropout=0.0, task_type="CAUSAL_LM"))
    factors = {name.removesuffix(".default.weight"): p for name, p in peft.named_parameters() if "lora_" in name}
    for index, name in enumerate(sorted(factors)):
        drawn = np.random.default_rng(1000 + index).standard_normal(factors[name].shape)
        with torch.no_grad():
            factors[name].copy_(torch.from_numpy(0.2 * drawn).float())
    peft.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["target_modules"] = linears  # a set, whose order is chance
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))

    temperature = 0.7
    rows = [(prompts[3], [1, 50, 12, 40, 7]), (prompts[1], [55, 2, 30]), (prompts[3], [17, 44, 9, 10, 45, 31])]
    logits = peft(**padded([prompt + response for prompt, response in rows])).logits / temperature
    log_probs, entropies, loss, at = [], [], 0.0, 0
    for row, (prompt, response) in enumerate(rows):
        log_p = torch.log_softmax(logits[row, len(prompt) - 1 : len(prompt) + len(response) - 1], -1)
        own = log_p.gather(1, torch.tensor(response)[:, None])[:, 0]
        entropy = -(log_p.exp() * log_p).sum(-1)
        weights = wave(2 * len(response), 100 + at)
        loss = loss + (weights[: len(response)] * own).sum() + (weights[len(response) :] * entropy).sum()
        log_probs.append(own.tolist())
        entropies.append(entropy.tolist())
        at += len(response)
    loss.backward()
    gradients = {name.removeprefix("base_model.model.").removeprefix("model."): factors[name].grad.numpy() for name in sorted(factors)}
    return dict(
        temperature=temperature, rows=[dict(prompt=p, response=r) for p, r in rows], logProbs=log_probs, entropies=entropies,
        loss=loss.item(), norms={k: float(np.linalg.norm(g)) for k, g in gradients.items()}, gradients={k: floats(g) for k, g in gradients.items()},
    )  # fmt: skip


def write(name):
    config, arch, change, linears = FAMILIES[name]
    folder = FIXTURES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = random_model(config)
    save(model, folder)
    save_gguf(model, arch, change, folder / "gguf/model.gguf")
    rng = np.random.default_rng(0)
    prompts = [[1] + rng.integers(3, config.vocab_size, n).tolist() for n in (2, 6, 11, 19)]
    picked, logits = logits_of(model, prompts)
    for other in (
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
        AutoModelForCausalLM.from_pretrained(folder / "gguf", gguf_file="model.gguf", dtype=torch.float32),
    ):
        assert (logits_of(other.eval(), prompts)[0] - picked).abs().max() < 1e-5, "a file does not hold the model"
    numbers = dict(logits=logits, greedy=[greedy(model, prompt) for prompt in prompts[:3]], lora=with_adapter(model, linears, prompts, folder / "adapter"))
    (folder / "numbers.json").write_text(json.dumps(numbers) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if not sys.argv[1:]:
        sys.exit(__doc__)
    for family in sys.argv[1:]:
        write(family)
