"""Fixtures of one model family for packages/llm-lora: a tiny model of made-up weights, and what transformers and peft make of it.

    python tools/oracles/llm-lora_families.py [NAME ...]

(pip install torch transformers peft gguf). Without names, all families. For each writes to
packages/llm-lora/test/fixtures/families/NAME/
- config.json: the model's configuration, as transformers saves it;
- model.gguf.gz: the model under llama.cpp's names, by gguf-py's own table of names and with the changes that llama.cpp's
  converter makes; where transformers reads the architecture from GGUF, it must find the same logits there;
- numbers.json: names and shapes of its tensors and of an adapter's factors on all linear layers (`*` stands for the number of a block);
  logits of a padded batch, greedy continuations of prompts with a common beginning, and with the adapter log-probabilities,
  entropies and the gradients of its factors, in float32.

No weights are stored but in the GGUF file: `values` makes them of a tensor's name, here and in the tests alike.
A new family is one entry of FAMILIES.
"""

import base64
import gzip
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from gguf.constants import Keys, GGMLQuantizationType
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

FIXTURES = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures/families"

# every size differs from every other one, so that no two of them can be mistaken for one another
COMMON = dict(vocab_size=60, bos_token_id=1, eos_token_id=2)
SIZES = dict(
    **COMMON, hidden_size=16, intermediate_size=28, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=48, rms_norm_eps=1e-5,
)  # fmt: skip
WIDE = dict(SIZES, head_dim=6)  # heads wider than the model
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
WINDOW = 7


def as_is(name, weights, config):
    return weights


def permute(weights, heads):
    """LlamaModel.permute of llama.cpp's convert_hf_to_gguf.py."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def permute_llama(name, weights, config):
    if re.search(r"q_proj\.(weight|bias)$", name):
        return permute(weights, config.num_attention_heads)
    return permute(weights, config.num_key_value_heads) if re.search(r"k_proj\.(weight|bias)$", name) else weights


def shift_gemma(name, weights, config):
    return weights + 1 if name.endswith("norm.weight") else weights


def turn_gpt2(name, weights, config):
    return weights.T if re.search(r"\.(c_attn|c_proj|c_fc)\.weight$", name) else weights


def windows(writer, config):
    writer.add_sliding_window(config.sliding_window)


def gemma2(writer, config):
    windows(writer, config)
    writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
    writer.add_final_logit_softcapping(config.final_logit_softcapping)


def gemma3(writer, config):
    windows(writer, config)
    writer.add_uint32(Keys.Attention.SLIDING_WINDOW_PATTERN.format(arch=writer.arch), 3)


def phi3(writer, config):
    windows(writer, config)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads * 3 // 4)
    writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
    writer.add_rope_scaling_attn_factors((1 + np.log(2) / np.log(48)) ** 0.5)
    for length in ("long", "short"):
        factors = np.array(config.rope_parameters[f"{length}_factor"], dtype=np.float32)
        writer.add_tensor(f"rope_factors_{length}.weight", factors)


def nothing(writer, config):
    pass


llama3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=24)
yarn = dict(rope_type="yarn", rope_theta=10000.0, factor=2.0, original_max_position_embeddings=24, beta_fast=4.0, beta_slow=1.0)
longrope = dict(
    rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.75, short_factor=[1.0, 1.25, 1.75], long_factor=[1.0, 3.0, 5.0]
)

# name: configuration, llama.cpp's architecture, what its converter changes of a tensor, what it writes beside, linear layers of a block
FAMILIES = {
    "llama": ("LlamaConfig", dict(SIZES, attention_bias=True, mlp_bias=True, rope_parameters=llama3), "LLAMA", permute_llama, nothing, LINEARS),
    "mistral": ("MistralConfig", dict(WIDE, sliding_window=WINDOW), "LLAMA", permute_llama, nothing, LINEARS),
    "qwen2": ("Qwen2Config", dict(SIZES, tie_word_embeddings=True, rope_parameters=yarn, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1), "QWEN2", as_is, nothing, LINEARS),
    "qwen3": ("Qwen3Config", dict(WIDE, tie_word_embeddings=True), "QWEN3", as_is, nothing, LINEARS),
    "gemma2": ("Gemma2Config", dict(WIDE, query_pre_attn_scalar=6, sliding_window=WINDOW, attn_logit_softcapping=2.5, final_logit_softcapping=9.0), "GEMMA2", shift_gemma, gemma2, LINEARS),
    "gemma3_text": ("Gemma3TextConfig", dict(WIDE, num_hidden_layers=3, query_pre_attn_scalar=6, sliding_window=WINDOW, sliding_window_pattern=3), "GEMMA3", shift_gemma, gemma3, LINEARS),
    "phi3": ("Phi3Config", dict(SIZES, num_attention_heads=2, num_key_value_heads=1, sliding_window=WINDOW, max_position_embeddings=96, original_max_position_embeddings=48, rope_parameters=longrope, pad_token_id=0), "PHI3", as_is, phi3, ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]),
    "smollm3": ("SmolLM3Config", dict(SIZES, num_hidden_layers=4, pad_token_id=0), "SMOLLM3", permute_llama, nothing, LINEARS),
    "olmo2": ("Olmo2Config", dict(SIZES, pad_token_id=0), "OLMO2", as_is, nothing, LINEARS),
    "gpt2": ("GPT2Config", dict(COMMON, n_positions=48, n_embd=16, n_layer=2, n_head=4, n_inner=28), "GPT2", turn_gpt2, nothing, ["c_attn", "c_proj", "c_fc"]),
}  # fmt: skip


def values(name, shape):
    """Multiples of 1 / 16 between -15 / 16 and 15 / 16 that a tensor's name determines; float16 holds them and their sum with 1."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    h = (np.arange(int(np.prod(shape)), dtype=np.uint64) * 0x9E3779B1 + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
    return ((2 * (h >> 28).astype(np.float32) - 15) / 16).reshape(shape)


def weights_of(name, shape):
    drawn = values(name, shape)
    if re.search(r"embed_tokens|lm_head|wte|wpe", name):
        return drawn
    if len(shape) == 2 or name.endswith(".bias"):
        return drawn / 2
    return 1 + drawn / 4


def floats(x):
    return base64.b64encode(np.ascontiguousarray(x, dtype="<f4").tobytes()).decode()


def wave(length, start):
    """The same numbers in Python and JavaScript without storing them: sin(start + 0.7 i), as float32."""
    return torch.tensor(np.sin(start + 0.7 * np.arange(length)).astype("f4"))


def made_up_model(config):
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    for name, parameter in model.named_parameters():
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(weights_of(name, tuple(parameter.shape))))
    return model


def padded(rows):
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    return dict(input_ids=ids, attention_mask=torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]))


def starred(shapes):
    """Names and shapes with `*` for the number of a block; all blocks are alike."""
    out = {}
    for name, shape in shapes.items():
        key = re.sub(r"(layers|h)\.\d+\.", r"\1.*.", name)
        assert out.setdefault(key, list(shape)) == list(shape), name
    return out


def save_gguf(model, arch, change, extra, path):
    config = model.config
    arch = gguf.MODEL_ARCH[arch]
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_head_count(config.num_attention_heads)
    if hasattr(config, "rms_norm_eps"):
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        rope = config.rope_parameters.get("full_attention", config.rope_parameters)
        writer.add_rope_freq_base(rope["rope_theta"])
        if rope["rope_type"] == "yarn":
            writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
            writer.add_rope_scaling_factor(rope["factor"])
            writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
            writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
            writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
        if rope["rope_type"] == "llama3":
            # LlamaModel.generate_extra_tensors of convert_hf_to_gguf.py: what frequencies are divided by
            head_dim = config.hidden_size // config.num_attention_heads
            plain = rope["rope_theta"] ** -(np.arange(0, head_dim, 2) / head_dim)
            scaled, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
            writer.add_tensor("rope_freqs.weight", (plain / scaled.double().numpy()).astype(np.float32))
    else:
        writer.add_feed_forward_length(config.n_inner)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    if getattr(config, "head_dim", None):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_token_list([f"t{i}" for i in range(config.vocab_size)])
    writer.add_bos_token_id(config.bos_token_id)
    writer.add_eos_token_id(config.eos_token_id)
    extra(writer, config)
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        own = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert own is not None, f"gguf-py has no name for {name}"
        array = change(name, tensor.numpy(), config)
        writer.add_tensor(own, array.astype(np.float16 if array.ndim == 2 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits_of(model, prompts):
    with torch.no_grad():
        logits = model(**padded(prompts)).logits
    places = [(row, place) for row, prompt in enumerate(prompts) for place in sorted({0, len(prompt) // 2, len(prompt) - 1})]
    vocabulary = list(range(0, 60, 7))
    picked = torch.stack([logits[row, place, vocabulary] for row, place in places])
    return picked, dict(prompts=prompts, places=places, vocabulary=vocabulary, logits=floats(picked), largest=float(picked.abs().max()))


def greedy(model, prompt, count=14):
    tokens, margin = list(prompt), float("inf")
    for _ in range(count):
        with torch.no_grad():
            best = model(torch.tensor([tokens])).logits[0, -1].topk(2)
        tokens.append(int(best.indices[0]))
        margin = min(margin, float(best.values[0] - best.values[1]))
    return (dict(prompt=prompt, tokens=tokens[len(prompt) :]), margin)


def greedy_prompts(model, rng):
    """Continuations of three prompts with a common beginning, by a margin that no rounding closes."""
    for _ in range(400):
        shared = [1] + rng.integers(3, 60, 17).tolist()
        found = [greedy(model, shared + rng.integers(3, 60, more).tolist()) for more in (2, 5, 9)]
        if min(margin for _, margin in found) > 1e-3 and len({token for each, _ in found for token in each["tokens"]}) > 5:
            return [each for each, _ in found]
    raise SystemExit("no prompts with clear continuations")


def factors_of(peft):
    """What is trained of an adapter, by path: `layers.0.self_attn.q_proj.lora_A`."""
    path = lambda name: name.removesuffix(".default.weight").removeprefix("base_model.model.").removeprefix("model.")
    return {path(name): p for name, p in peft.named_parameters() if "lora_" in name}


def outputs_of(peft, factors, prompts, samples):
    """Log-probabilities, entropies and a loss of both, and the gradients of an adapter's factors, some of them whole."""
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
    gradients = {name: factors[name].grad.numpy() for name in sorted(factors)}
    some = sorted(factors)[:: max(1, len(factors) // samples)]
    return dict(
        temperature=temperature, rows=[dict(prompt=p, response=r) for p, r in rows], logProbs=log_probs, entropies=entropies, loss=loss.item(),
        norms={k: float(np.linalg.norm(g)) for k, g in gradients.items()}, gradients={k: floats(gradients[k]) for k in some},
    )  # fmt: skip


def with_adapter(model, linears, prompts):
    peft = get_peft_model(model, LoraConfig(r=2, lora_alpha=6, target_modules=linears, lora_dropout=0.0, task_type="CAUSAL_LM"))
    factors = factors_of(peft)
    for name, factor in factors.items():
        with torch.no_grad():
            factor.copy_(torch.from_numpy(values(name, tuple(factor.shape)) / 4))
    shapes = starred({name: p.shape for name, p in factors.items()})
    return dict(outputs_of(peft, factors, prompts, 9), rank=2, alpha=6, targetModules=linears, factors=shapes)


def write(name):
    kind, sizes, arch, change, extra, linears = FAMILIES[name]
    folder = FIXTURES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = getattr(transformers, kind)(**sizes)
    model = made_up_model(config)
    model.config.dtype = torch.float32
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    rng = np.random.default_rng(0)
    prompts = [[1] + rng.integers(3, 60, n).tolist() for n in (2, 6, 11, 19)]
    picked, logits = logits_of(model, prompts)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "model.gguf"
        save_gguf(model, arch, change, extra, path)
        (folder / "model.gguf.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        try:
            other = AutoModelForCausalLM.from_pretrained(temporary, gguf_file="model.gguf", dtype=torch.float32, attn_implementation="eager")
            print(name, "as transformers reads the GGUF file:", float((logits_of(other.eval(), prompts)[0] - picked).abs().max()))
        except Exception as error:
            print(name, "not read from GGUF by transformers:", str(error)[:100])
    numbers = dict(
        tensors=starred({k: v.shape for k, v in model.named_parameters()}),
        layers=config.num_hidden_layers,
        logits=logits,
        greedy=greedy_prompts(model, rng),
        lora=with_adapter(model, linears, prompts),
    )
    (folder / "numbers.json").write_text(json.dumps(numbers, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for family in sys.argv[1:] or FAMILIES:
        write(family)
