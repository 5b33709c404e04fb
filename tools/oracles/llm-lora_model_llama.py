"""Fixtures for packages/llm-lora: logits, greedy generation, LoRA outputs and gradients from transformers and peft.

usage: python llm-lora_model_llama.py MODELS   (the folder with stories260K and SmolLM2-135M-Instruct)
needs: torch, transformers, peft, gguf
writes: packages/llm-lora/test/fixtures/model/stories260K.json, smollm2.json
"""
import base64, json, math, pathlib, sys
import numpy as np, torch
from transformers import AutoModelForCausalLM

MODELS = pathlib.Path(sys.argv[1])
OUT = pathlib.Path(__file__).resolve().parents[2] / 'packages/llm-lora/test/fixtures/model'
MODULES = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']


def floats(x):
    return base64.b64encode(np.ascontiguousarray(x, dtype='<f4').tobytes()).decode()


def wave(shape, start, size):
    """The same numbers in Python and JavaScript without storing them: size * sin(start + 0.7 i), as float32."""
    return torch.tensor((size * np.sin(start + 0.7 * np.arange(math.prod(shape)))).astype('f4').reshape(shape))


def padded(prompts):
    width = max(map(len, prompts))
    ids = torch.tensor([p + [0] * (width - len(p)) for p in prompts])
    mask = torch.tensor([[1] * len(p) + [0] * (width - len(p)) for p in prompts])
    return ids, mask


def logits_of(model, prompts, vocabulary):
    """Logits at each prompt's last three places, from one right-padded batch."""
    ids, mask = padded(prompts)
    with torch.no_grad():
        all_logits = model(input_ids=ids, attention_mask=mask).logits
    rows = [[row, place] for row, p in enumerate(prompts) for place in range(max(0, len(p) - 3), len(p))]
    picked = torch.stack([all_logits[r, t] for r, t in rows])
    return {
        'prompts': prompts, 'places': rows, 'vocabulary': vocabulary,
        'logits': floats(picked[:, vocabulary]), 'largest': float(picked.abs().max()),
        'best': picked.argmax(-1).tolist(),
    }


def stories():
    model = AutoModelForCausalLM.from_pretrained(MODELS / 'stories260K', dtype=torch.float32).eval()
    rng = np.random.default_rng(0)
    prompts = [[1] + rng.integers(3, 512, n).tolist() for n in (2, 6, 11, 19)]
    fixture = {'logits': logits_of(model, prompts, list(range(0, 512, 5)))}

    greedy = []
    for prompt in ([1, 403, 407, 261, 378], [1, 410, 325, 352], [1, 338, 401, 283, 266, 263, 313]):
        with torch.no_grad():
            out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                                 max_new_tokens=64, do_sample=False, eos_token_id=None, pad_token_id=0)
        greedy.append({'prompt': prompt, 'tokens': out[0, len(prompt):].tolist()})
    fixture['greedy'] = greedy

    # LoRA on every linear layer; the loss mixes log-probabilities and entropies of response tokens with fixed weights
    from peft import LoraConfig, get_peft_model
    rank, alpha, temperature = 2, 6, 0.7
    peft = get_peft_model(model, LoraConfig(r=rank, lora_alpha=alpha, target_modules=MODULES, lora_dropout=0.0))
    factors = {}
    for name, parameter in peft.named_parameters():
        if 'lora_' not in name: continue
        path = name.removeprefix('base_model.model.model.').removesuffix('.default.weight')   # layers.0.self_attn.q_proj.lora_A
        factors[path] = parameter
    for index, path in enumerate(sorted(factors)):
        with torch.no_grad(): factors[path].copy_(wave(tuple(factors[path].shape), index, 0.1))
    rows = [(prompts[3], [1, 90, 12, 400, 7]), (prompts[1], [55, 2, 300]), (prompts[3], [17, 44, 9, 10, 450, 31])]
    ids, mask = padded([p + r for p, r in rows])
    logits = peft(input_ids=ids, attention_mask=mask).logits / temperature
    log_probs, entropies, loss, at = [], [], 0.0, 0
    for row, (p, r) in enumerate(rows):
        log_p = torch.log_softmax(logits[row, len(p) - 1:len(p) + len(r) - 1], -1)
        own = log_p.gather(1, torch.tensor(r)[:, None])[:, 0]
        entropy = -(log_p.exp() * log_p).sum(-1)
        weight = wave((2, len(r)), 100 + at, 1.0)
        loss = loss + (weight[0] * own).sum() + (weight[1] * entropy).sum()
        log_probs.append(own.tolist()); entropies.append(entropy.tolist()); at += len(r)
    loss.backward()
    fixture['lora'] = {
        'rank': rank, 'alpha': alpha, 'temperature': temperature, 'rows': [{'prompt': p, 'response': r} for p, r in rows],
        'logProbs': log_probs, 'entropies': entropies, 'loss': loss.item(),
        'norms': {path: factors[path].grad.norm().item() for path in sorted(factors)},
        'gradients': {path: floats(factors[path].grad.numpy()) for path in sorted(factors) if path.startswith(('layers.0', 'layers.4'))},
    }
    (OUT / 'stories260K.json').write_text(json.dumps(fixture) + '\n')


def smollm2():
    from transformers import AutoTokenizer
    folder = MODELS / 'SmolLM2-135M-Instruct'
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file='SmolLM2-135M-Instruct.Q4_1.gguf', dtype=torch.float32).eval()
    texts = ['The user liked Toy Story.', 'Movie: Alien (1979). Genres: horror, science fiction.\nDoes the user like it?',
             'A user liked the movies Toy Story, A Bug\'s Life and Finding Nemo, and disliked Saw. Explain in two sentences whether the user would like Monsters, Inc.']
    prompts = [tokenizer(t)['input_ids'] for t in texts]
    vocabulary = np.linspace(0, model.config.vocab_size - 1, 64).astype(int).tolist()
    fixture = {'logits': logits_of(model, prompts, vocabulary)}
    (OUT / 'smollm2.json').write_text(json.dumps(fixture) + '\n')


OUT.mkdir(parents=True, exist_ok=True)
torch.set_num_threads(2)
stories()
smollm2()
