"""MurmurHash3 (x86, 32 bits, seed 0) of texts by scikit-learn: the fixture of packages/ctr-models/test/value-hash.test.ts.

usage: python tools/oracles/ctr-models_value_hash.py
"""
import json
from pathlib import Path

from sklearn.utils import murmurhash3_32

texts = ["", "0", "7", "42", "abc", "user-123456", "9999999", "tt0111161", "Amélie", "千と千尋の神隠し", "🎬🍿", "é" * 100, "x" * 5000]
fixture = [[text, murmurhash3_32(text, seed=0, positive=True)] for text in texts]
path = Path(__file__).parents[2] / "packages/ctr-models/test/fixtures/value-hash.json"
path.write_text(json.dumps(fixture, ensure_ascii=False) + "\n")
print(path, len(fixture))
