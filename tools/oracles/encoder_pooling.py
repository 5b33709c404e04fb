"""sentence-transformers' Pooling on fixed token states of three lengths, every mode and one concatenation,
with and without a prompt that does not count.

usage: encoder_pooling.py
Writes packages/encoder/test/fixtures/pooling.json: states [texts, tokens, width], lengths, and for each mode the vectors
as they are and scaled to length 1.
"""
import json
import pathlib

import numpy
import sentence_transformers
import torch
from sentence_transformers.sentence_transformer.modules.pooling import Pooling

TEXTS, TOKENS, WIDTH = 3, 5, 4
LENGTHS = [5, 1, 3]
states = torch.tensor(numpy.round(numpy.random.default_rng(7).normal(size=(TEXTS, TOKENS, WIDTH)), 3), dtype=torch.float32)
mask = torch.tensor([[1] * n + [0] * (TOKENS - n) for n in LENGTHS])

cases = []
# a prompt is shorter than every text that stands behind it
for mode, skipped in [(mode, skipped) for skipped in (0, 2) for mode in [*Pooling.POOLING_MODES, ('cls', 'mean')]]:
    rows = [k for k, n in enumerate(LENGTHS) if n > skipped]
    features = {'token_embeddings': states[rows].clone(), 'attention_mask': mask[rows]}
    if skipped > 0:
        features['prompt_length'] = skipped
    pooled = Pooling(WIDTH, mode, include_prompt=False)(features)['sentence_embedding']
    normalized = torch.nn.functional.normalize(pooled, p=2, dim=1)
    modes = [mode] if isinstance(mode, str) else list(mode)
    cases.append({'modes': modes, 'skipped': skipped, 'rows': rows, 'pooled': pooled.flatten().tolist(), 'normalized': normalized.flatten().tolist()})

fixture = {
    'by': f'sentence-transformers {sentence_transformers.__version__}',
    'tokens': TOKENS,
    'width': WIDTH,
    'lengths': LENGTHS,
    'states': states.flatten().tolist(),
    'cases': cases,
}
out = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/pooling.json'
out.write_text(json.dumps(fixture, indent=1) + '\n', encoding='utf-8')
