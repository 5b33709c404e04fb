"""scikit-learn's HashingVectorizer, which the hashed encoder agrees with.

usage: encoder_hashed.py
Writes packages/encoder/test/fixtures/hashed.json: texts, and for each setting the nonzero entries of every vector; MurmurHash3
of strings of every length up to 9 bytes, with and without a seed; and what HashingVectorizer gives of its own accord, which leaves out
words of one letter, where the texts differ in nothing else.
"""
import json
import pathlib
import unicodedata

import regex
import sklearn
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import murmurhash3_32

TEXTS = [
    '',
    '... !?',
    'They liked space operas, and space operas only.',
    'Don\'t show them "Saw II" (2005) again',
    'Amélie e\u0301tait là; 千と千尋 ÄÖÜ ΣΊΣΥΦΟΣ',
    'a b c a',
    'Is a_b one word? 2 of 3 say x², ½ and Ⅳ.',
    'नमस्ते दुनिया, น้ำใจ และ ป่า',
    'cafe\u0301 İstanbul ͅx',
]
SETTINGS = [(16, 1), (64, 2), (1000, 3)]


def vectors(dimension, ngrams):
    vectorizer = HashingVectorizer(
        n_features=dimension,
        ngram_range=(1, ngrams),
        norm='l2',
        alternate_sign=True,
        lowercase=False,
        preprocessor=lambda text: unicodedata.normalize('NFC', text).lower(),
        tokenizer=regex.compile(r'[\p{L}\p{M}\p{N}]+').findall,
        token_pattern=None,
    )
    rows = vectorizer.transform(TEXTS)
    rows.eliminate_zeros()
    return [sorted([int(i), float(v)] for i, v in zip(row.indices, row.data)) for row in rows]


OWN = ['I saw a plain quiet story, and I would see it again', 'They like loud comedies.', 'U R 2 slow']
own = HashingVectorizer(n_features=64, norm='l2').transform(OWN)

strings = ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'é', '千', 'filmnight', 'zzzzzzz']
fixture = {
    'by': f'scikit-learn {sklearn.__version__}',
    'texts': TEXTS,
    'cases': [{'dimension': d, 'ngrams': n, 'entries': vectors(d, n)} for d, n in SETTINGS],
    'own': [
        {'text': text, 'entries': sorted([int(i), float(v)] for i, v in zip(row.indices, row.data) if v != 0)} for text, row in zip(OWN, own)
    ],
    'hashes': [[text, seed, int(murmurhash3_32(text.encode(), seed=seed))] for text in strings for seed in (0, 42)],
}
out = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/hashed.json'
out.write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + '\n', encoding='utf-8')
