"""Made-up image models without a projection, of a few kilobytes each, as exports of ViT, SigLIP and DINOv2 are: one gives states of tokens
alone, one a pooled vector beside them. And what ONNX Runtime makes of the images of encoder_tiny_clip.py after the processors of these
families, in Python's transformers.

usage: encoder_tiny_vit.py    (after encoder_tiny_clip.py)
Writes packages/encoder/test/fixtures/tiny-dinov2/, tiny-vit/ and tiny-siglip/. Needs transformers, onnx, onnxruntime and pillow.
"""
import json
import pathlib

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from transformers.image_utils import load_image
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

SIDE, TOKENS, WIDTH = 12, 4, 5
fixtures = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures'
images = sorted((fixtures / 'tiny-clip/images').iterdir())


def save(kind, processor, settings, pooled):
    out = fixtures / f'tiny-{kind}'
    (out / 'onnx').mkdir(parents=True, exist_ok=True)
    rng = numpy.random.default_rng(len(kind))
    weight = rng.normal(size=(3 * SIDE * SIDE // TOKENS, WIDTH)).astype(numpy.float32) / 10
    nodes = [
        helper.make_node('Reshape', ['pixel_values', 'shape'], ['tokens']),
        helper.make_node('MatMul', ['tokens', 'weight'], ['last_hidden_state']),
    ]
    outputs = [helper.make_tensor_value_info('last_hidden_state', TensorProto.FLOAT, ['images', TOKENS, WIDTH])]
    if pooled:
        nodes.append(helper.make_node('ReduceMax', ['last_hidden_state', 'axis'], ['pooler_output'], keepdims=0))
        outputs.append(helper.make_tensor_value_info('pooler_output', TensorProto.FLOAT, ['images', WIDTH]))
    graph = helper.make_graph(
        nodes,
        kind,
        [helper.make_tensor_value_info('pixel_values', TensorProto.FLOAT, ['images', 3, SIDE, SIDE])],
        outputs,
        [
            numpy_helper.from_array(weight, 'weight'),
            numpy_helper.from_array(numpy.array([-1, TOKENS, weight.shape[0]]), 'shape'),
            *([numpy_helper.from_array(numpy.array([1]), 'axis')] if pooled else []),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    onnx.checker.check_model(model)
    path = out / 'onnx' / ('vision_model.onnx' if kind == 'siglip' else 'model.onnx')
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(str(path))
    vectors = []
    for file in images:
        pixels = processor(load_image(str(file)), return_tensors='np')['pixel_values']
        states, *others = session.run(None, {'pixel_values': pixels})
        vectors.append((others[0] if pooled else states[:, 0])[0].tolist())
    (out / 'config.json').write_text(json.dumps({'model_type': kind}) + '\n')
    (out / 'preprocessor_config.json').write_text(json.dumps(settings) + '\n')
    (out / 'expected.json').write_text(json.dumps({'files': [file.name for file in images], 'vectors': vectors}) + '\n')


# As files of such models are: sizes of one number, and what a class does without being told.
save(
    'dinov2',
    BitImageProcessorPil(size={'shortest_edge': 16}, crop_size={'height': SIDE, 'width': SIDE}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]),
    {'image_processor_type': 'BitImageProcessor', 'size': 16, 'crop_size': SIDE, 'image_mean': [0.485, 0.456, 0.406], 'image_std': [0.229, 0.224, 0.225]},
    pooled=False,
)
save(
    'vit',
    ViTImageProcessorPil(size={'height': SIDE, 'width': SIDE}),
    {'feature_extractor_type': 'ViTFeatureExtractor', 'size': SIDE, 'image_mean': [0.5, 0.5, 0.5], 'image_std': [0.5, 0.5, 0.5]},
    pooled=False,
)
save(
    'siglip',
    SiglipImageProcessorPil(size={'height': SIDE, 'width': SIDE}),
    {'image_processor_type': 'SiglipImageProcessor', 'size': {'height': SIDE, 'width': SIDE}, 'image_mean': [0.5, 0.5, 0.5], 'image_std': [0.5, 0.5, 0.5]},
    pooled=True,
)
