"""Fixture for packages/llm-lora: what transformers' logits processors and stop strings do.

usage: python llm-lora_generation.py MODELS   (the folder with stories260K)
needs: torch, transformers
writes: packages/llm-lora/test/fixtures/model/generation.json

`processors`: logits, a prompt, a response and options, and the probabilities behind transformers' processors in the order in
which `generate` puts them: penalty, allowed tokens, temperature, top-k, top-p, min-p.
`greedy`: greedy texts of stories260K with a repetition penalty; with stop strings.
"""
import json, pathlib, sys
import numpy as np, torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.generation import logits_process as lp

MODELS = pathlib.Path(sys.argv[1])
OUT = pathlib.Path(__file__).resolve().parents[2] / 'packages/llm-lora/test/fixtures/model/generation.json'
SIZE = 40

CASES = [
    {},
    {'temperature': 0.5},
    {'minP': 0.1},
    {'minP': 0.3, 'temperature': 1.7},
    {'minP': 1.0},
    {'topK': 7, 'minP': 0.2},
    {'topP': 0.8, 'minP': 0.05},
    {'repetitionPenalty': 1.3},
    {'repetitionPenalty': 0.7, 'temperature': 0.8},
    {'repetitionPenalty': 1.5, 'topK': 9, 'topP': 0.7, 'minP': 0.1, 'temperature': 1.2},
    {'allowed': [3, 5, 8, 20, 39], 'temperature': 0.6},
    {'allowed': [3, 5, 8, 20, 39], 'repetitionPenalty': 2.0, 'topP': 0.6},
    {'allowed': [12], 'minP': 0.5},
]


def processed(logits, tokens, options):
    ids = torch.tensor([tokens])
    chain = []
    if 'repetitionPenalty' in options: chain.append(lp.RepetitionPenaltyLogitsProcessor(options['repetitionPenalty']))
    if 'allowed' in options: chain.append(lp.PrefixConstrainedLogitsProcessor(lambda *_: options['allowed'], 1))
    if 'temperature' in options: chain.append(lp.TemperatureLogitsWarper(options['temperature']))
    if 'topK' in options: chain.append(lp.TopKLogitsWarper(options['topK']))
    if 'topP' in options: chain.append(lp.TopPLogitsWarper(options['topP']))
    if 'minP' in options: chain.append(lp.MinPLogitsWarper(options['minP']))
    scores = torch.tensor([logits], dtype=torch.float32)
    for each in chain: scores = each(ids, scores)
    return torch.softmax(scores, -1)[0].tolist()


rng = np.random.default_rng(19)
processors = []
for options in CASES:
    logits = [round(float(x), 3) for x in 2 * rng.standard_normal(SIZE)]
    prompt, response = rng.integers(0, SIZE, 6).tolist(), rng.integers(0, SIZE, 4).tolist()
    p = processed(logits, prompt + response, options)
    processors.append({'options': options, 'logits': logits, 'prompt': prompt, 'response': response, 'p': [float(f'{x:.6g}') for x in p]})

model = AutoModelForCausalLM.from_pretrained(MODELS / 'stories260K', dtype=torch.float32).eval()
tokenizer = PreTrainedTokenizerFast.from_pretrained(MODELS / 'stories260K')
greedy = []
for prompt in ([1, 403, 407, 261, 378], [1, 410, 325, 352], [1, 338, 401, 283, 266, 263, 313]):
    for options in ({'repetition_penalty': 1.4}, {'stop_strings': ['little g', 'big, s', 'you do']}, {'repetition_penalty': 1.2, 'stop_strings': ['.']}):
        with torch.no_grad():
            out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), tokenizer=tokenizer,
                                 max_new_tokens=48, do_sample=False, eos_token_id=None, pad_token_id=0, **options)
        tokens = out[0, len(prompt):].tolist()
        greedy.append({'prompt': prompt, 'repetitionPenalty': options.get('repetition_penalty', 1), 'stopStrings': options.get('stop_strings', []),
                       'tokens': tokens, 'text': tokenizer.decode(tokens)})

OUT.write_text(json.dumps({'processors': processors, 'greedy': greedy}) + '\n')
