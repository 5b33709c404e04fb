"""A made-up CLIP vision model of some kilobytes in the layout that transformers.js reads, images of every form that folders of posters
hold, and what Python's transformers (torch, and the exported graph in ONNX Runtime) makes of them, so that the encoder's tests need no
download. Also what Pillow makes of an image in other sizes, by each of its filters.

usage: encoder_tiny_clip.py
Writes packages/encoder/test/fixtures/tiny-clip/. Needs torch, transformers, onnx, onnxscript, onnxruntime and pillow.
"""
import base64
import json
import pathlib

import numpy
import onnx
import onnxruntime
import PIL
import torch
import transformers
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers.image_utils import load_image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

SIDE = 24
out = pathlib.Path(__file__).parents[2] / 'packages/encoder/test/fixtures/tiny-clip'
images = out / 'images'
(out / 'onnx').mkdir(parents=True, exist_ok=True)
images.mkdir(exist_ok=True)


def write(name, value):
    (out / name).write_text(json.dumps(value, indent=1) + '\n')


def encoded(array):
    return base64.b64encode(numpy.ascontiguousarray(array).tobytes()).decode()


# The images: no two channels alike, no side a multiple of another, edges that ring under a cubic filter.
rng = numpy.random.default_rng(7)


def picture(width, height, channels):
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [128 + 127 * numpy.sin((k + 1) * x / width * 5 + k) * numpy.cos((k + 2) * y / height * 3) for k in range(channels)]
    pixels = numpy.stack(planes, axis=-1)
    pixels[height // 4 : height // 2, width // 3 : width // 2] = rng.integers(0, 256, channels)
    return numpy.clip(pixels, 0, 255).astype(numpy.uint8)


Image.fromarray(picture(61, 45, 3)).save(images / '1.jpg', quality=85)
Image.fromarray(picture(33, 52, 3)).save(images / '2.png')
Image.fromarray(picture(40, 40, 3)).save(images / '3.webp', lossless=True)
Image.fromarray(picture(29, 47, 4)).save(images / '4.png')
Image.fromarray(picture(50, 31, 1)[..., 0]).save(images / '5.png')
Image.fromarray(picture(9, 14, 3)).save(images / '6.png')
Image.fromarray(picture(45, 30, 3)).quantize(16).save(images / '7.png')
exif = Image.Exif()
exif[0x0112] = 6  # to be turned by a quarter
Image.fromarray(picture(48, 32, 3)).save(images / 'a%2Fb.jpg', quality=90, exif=exif)
Image.fromarray(picture(27, 38, 2), mode='LA').save(images / '8.png')

torch.manual_seed(3)
config = CLIPVisionConfig(
    hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE, patch_size=8, projection_dim=12
)
model = CLIPVisionModelWithProjection(config).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(torch.randn_like(parameter) * (0.4 if parameter.dim() > 1 else 0.2) + (1 if parameter.dim() == 1 else 0))


class Graph(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        found = self.model(pixel_values=pixel_values)
        return found.image_embeds, found.last_hidden_state


path = out / 'onnx/vision_model.onnx'
torch.onnx.export(
    Graph(),
    (torch.zeros(2, 3, SIDE, SIDE),),
    path,
    input_names=['pixel_values'],
    output_names=['image_embeds', 'last_hidden_state'],
    dynamic_shapes=({0: torch.export.Dim('images')},),
    opset_version=18,
    dynamo=True,
    external_data=False,
)
graph = onnx.load(path)
for node in [*graph.graph.node, *graph.graph.value_info]:  # where a node came from takes more room than what it does
    node.ClearField('doc_string')
    node.ClearField('metadata_props')
for function in graph.functions:
    for node in function.node:
        node.ClearField('metadata_props')
graph.graph.ClearField('value_info')
onnx.save(graph, path)

CLIPConfig(
    vision_config=config.to_dict(),
    text_config={'hidden_size': 16, 'num_hidden_layers': 1, 'num_attention_heads': 2, 'vocab_size': 8},
    projection_dim=12,
).save_pretrained(out)
processor = CLIPImageProcessorPil(size={'shortest_edge': SIDE}, crop_size={'height': SIDE, 'width': SIDE})
processor.save_pretrained(out)
settings = json.loads((out / 'preprocessor_config.json').read_text())
settings['image_processor_type'] = 'CLIPImageProcessor'
write('preprocessor_config.json', settings)

session = onnxruntime.InferenceSession(str(path))
rows = []
for file in sorted(images.iterdir()):
    pixels = processor(load_image(str(file)), return_tensors='pt')['pixel_values']
    with torch.no_grad():
        vector = model(pixel_values=pixels).image_embeds[0].numpy()
    same = session.run(['image_embeds'], {'pixel_values': pixels.numpy()})[0][0]
    assert numpy.abs(vector - same).max() < 1e-4, numpy.abs(vector - same).max()
    mean, std = (numpy.array(settings[key]).reshape(1, 3, 1, 1) for key in ('image_mean', 'image_std'))
    bytes_of = numpy.rint((pixels.numpy() * std + mean) * 255).astype(numpy.uint8)  # what was scaled and normalized
    rows.append({'file': file.name, 'bytes': encoded(bytes_of), 'vector': vector.tolist()})
    if file.name == '1.jpg':
        rows[-1]['pixels'] = encoded(pixels.numpy().astype('<f4'))

source = Image.open(images / '2.png').convert('RGB')
resized = [
    {'filter': name, 'width': w, 'height': h, 'data': encoded(numpy.asarray(source.resize((w, h), name)))}
    for name in range(6)
    for w, h in [(11, 7), (33, 20), (17, 59)]
]
versions = f'transformers {transformers.__version__}, torch {torch.__version__}, onnxruntime {onnxruntime.__version__}, pillow {PIL.__version__}'
write('expected.json', {'by': versions, 'images': rows, 'source': encoded(numpy.asarray(source)), 'resized': resized})
