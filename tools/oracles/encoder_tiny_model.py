"""A made-up feature-extraction model of a few kilobytes in the layout that transformers.js reads, and what ONNX Runtime's
Python and NumPy make of it, so that the encoder's tests need no download.

usage: encoder_tiny_model.py
Writes packages/encoder/test/fixtures/tiny-encoder/: a word-level tokenizer whose tokenizer.json demands fixed padding and
truncation, as published ones do, and onnx/model.onnx: state of a token = its row of a table + a tenth of the mean of the
rows under the mask. The padding token's row is large, so that padding cannot slip into a mean unseen.
"""
import json
import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH = 8
WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'the a user film liked disliked slow sad funny space opera and not about war love'.split()]

table = numpy.random.default_rng(11).normal(size=(len(WORDS), WIDTH)).astype(numpy.float32)
table[0] = 50

nodes = [
    helper.make_node('Gather', ['table', 'input_ids'], ['rows']),
    helper.make_node('Cast', ['attention_mask'], ['mask'], to=TensorProto.FLOAT),
    helper.make_node('Unsqueeze', ['mask', 'last'], ['mask3']),
    helper.make_node('Mul', ['rows', 'mask3'], ['kept']),
    helper.make_node('ReduceSum', ['kept', 'middle'], ['sum'], keepdims=1),
    helper.make_node('ReduceSum', ['mask3', 'middle'], ['count'], keepdims=1),
    helper.make_node('Div', ['sum', 'count'], ['mean']),
    helper.make_node('Mul', ['mean', 'tenth'], ['context']),
    helper.make_node('Add', ['rows', 'context'], ['last_hidden_state']),
]
shape = ['texts', 'tokens']
graph = helper.make_graph(
    nodes,
    'tiny-encoder',
    [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ('input_ids', 'attention_mask')],
    [helper.make_tensor_value_info('last_hidden_state', TensorProto.FLOAT, [*shape, WIDTH])],
    [
        numpy_helper.from_array(table, 'table'),
        numpy_helper.from_array(numpy.array([2], numpy.int64), 'last'),
        numpy_helper.from_array(numpy.array([1], numpy.int64), 'middle'),
        numpy_helper.from_array(numpy.array(0.1, numpy.float32), 'tenth'),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
onnx.checker.check_model(model)

special = [{'id': i, 'content': w, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True} for i, w in enumerate(WORDS[:4])]
frame = lambda *parts: [{'Sequence': {'id': p, 'type_id': 0}} if p in 'AB' else {'SpecialToken': {'id': p, 'type_id': 0}} for p in parts]
tokenizer = {
    'version': '1.0',
    'truncation': {'max_length': 16, 'strategy': 'LongestFirst', 'stride': 0, 'direction': 'Right'},
    'padding': {'strategy': {'Fixed': 16}, 'direction': 'Right', 'pad_to_multiple_of': None, 'pad_id': 0, 'pad_type_id': 0, 'pad_token': '[PAD]'},
    'added_tokens': special,
    'normalizer': {'type': 'Lowercase'},
    'pre_tokenizer': {'type': 'Whitespace'},
    'post_processor': {
        'type': 'TemplateProcessing',
        'single': frame('[CLS]', 'A', '[SEP]'),
        'pair': frame('[CLS]', 'A', '[SEP]', 'B', '[SEP]'),
        'special_tokens': {w: {'id': w, 'ids': [WORDS.index(w)], 'tokens': [w]} for w in ('[CLS]', '[SEP]')},
    },
    'decoder': None,
    'model': {'type': 'WordLevel', 'vocab': {w: i for i, w in enumerate(WORDS)}, 'unk_token': '[UNK]'},
}
names = {'pad_token': '[PAD]', 'unk_token': '[UNK]', 'cls_token': '[CLS]', 'sep_token': '[SEP]'}
out = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/tiny-encoder'
(out / 'onnx').mkdir(parents=True, exist_ok=True)
onnx.save(model, out / 'onnx/model.onnx')


def write(name, value):
    (out / name).write_text(json.dumps(value, indent=1) + '\n')


write('tokenizer.json', tokenizer)
write('tokenizer_config.json', {'tokenizer_class': 'BertTokenizer', 'model_max_length': 512, **names})
write('config.json', {'model_type': 'bert', 'architectures': ['BertModel'], 'hidden_size': WIDTH, 'max_position_embeddings': 512})


def mean_vector(text, max_tokens=256):
    ids = [WORDS.index(w) if w in WORDS else 1 for w in text.lower().split()][: max_tokens - 2]
    rows = table[[2, *ids, 3]].astype(numpy.float64)
    states = rows + 0.1 * rows.mean(axis=0)
    pooled = {'mean': states.mean(axis=0), 'cls': states[0], 'lasttoken': states[-1]}
    return {mode: (v / numpy.linalg.norm(v)).tolist() for mode, v in pooled.items()}


texts = ['', 'The user liked space opera', 'a sad film', 'not slow and not about war', 'unknownword love', 'film ' * 300]
write('expected.json', {'by': f'numpy {numpy.__version__}', 'texts': texts, 'vectors': [mean_vector(t) for t in texts]})
