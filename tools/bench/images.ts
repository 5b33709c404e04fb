// Images a second of the image encoder, and how far its vectors are from those of Python's transformers, with a real model and real images.
//
// usage: npm run bench -- images MODEL IMAGES [--rounds 3] [--python PYTHON --peer MODEL_OF_TRANSFORMERS]
//   MODEL      a folder or hub id of a CLIP as transformers.js reads it, such as Xenova/clip-vit-base-patch32
//   IMAGES     a folder of images
//   --python   an interpreter with torch, transformers and pillow; --peer the same model as transformers reads it, such as
//              openai/clip-vit-base-patch32
// Each round runs every contestant once, one after the other; the figure is the median of the rounds.
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { imageFiles, loadImageEncoder } from '@expctr/encoder';
import { toolArguments, wholeNumber, wrongUse } from '../common/arguments.js';
import { inTurn, median, processor, timed } from '../common/measure.js';
import { startLines } from '../common/scripts.js';
import { similarity } from './encoder-similarity.js';

const { values, positionals } = toolArguments(
  { rounds: { type: 'string', default: '3' }, python: { type: 'string' }, peer: { type: 'string' } },
  2,
);
const [model = wrongUse('no MODEL is given'), folder = wrongUse('no IMAGES are given')] = positionals;
const rounds = wholeNumber('--rounds', values.rounds);
const threads = availableParallelism();
const paths = [...(await imageFiles(folder)).values()].map((name) => join(folder, name));
if (paths.length === 0) wrongUse(`of ${readdirSync(folder).length} files in ${folder} none is an image`);
const images = paths.map((path) => readFileSync(path));

/** The peer in a process of its own: sent the paths it answers with vectors, and whenever it is sent a line again, with seconds. */
const PEER = `
import json, sys, time, warnings
warnings.filterwarnings('ignore')
import torch
from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection
from transformers.image_utils import load_image
try:
    import torchvision
except ImportError:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil as CLIPImageProcessor
torch.set_num_threads(int(sys.argv[2]))
model = CLIPVisionModelWithProjection.from_pretrained(sys.argv[1]).eval()
processor = CLIPImageProcessor.from_pretrained(sys.argv[1])
paths = json.loads(sys.stdin.readline())
def encode():
    parts = []
    with torch.no_grad():
        for start in range(0, len(paths), 16):
            pixels = processor([load_image(path) for path in paths[start:start + 16]], return_tensors='pt')['pixel_values']
            parts.append(torch.nn.functional.normalize(model(pixel_values=pixels).image_embeds, dim=1))
    return torch.cat(parts)
print(json.dumps(encode().flatten().tolist()), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    encode()
    print(time.perf_counter() - start, flush=True)
`;

const encoder = await loadImageEncoder(model, { threads });
const vectors = await encoder.encode(images);
const contestants: Record<string, () => Promise<number>> = {
  [`@expctr/encoder ${encoder.name}`]: async () => (await timed(() => encoder.encode(images))).milliseconds / 1000,
};
const { python, peer } = values;
const lines =
  python === undefined || peer === undefined ? undefined : startLines([python, '-c', PEER, peer, String(threads)], { quiet: true });
console.log(`${processor()}; ${images.length} images, ${threads} threads, median of ${rounds} rounds in turn`);
if (lines !== undefined) {
  const theirs = Float32Array.from(JSON.parse(await lines.ask(JSON.stringify(paths))) as number[]);
  if (theirs.length !== vectors.length)
    throw new Error(`the peer gives ${theirs.length} values, and we ${vectors.length}: these are two models`);
  const largest = vectors.reduce((most, value, at) => Math.max(most, Math.abs(value - theirs[at]!)), 0);
  const { mean, lowest } = similarity(vectors, theirs, encoder.dimension);
  console.log(`largest difference to transformers ${largest.toExponential(1)}; cosine ${mean.toFixed(6)}, lowest ${lowest.toFixed(6)}`);
  contestants['transformers'] = async () => Number(await lines.ask('again'));
}
for (const [name, list] of Object.entries(await inTurn(contestants, rounds))) {
  console.log(`${name.padEnd(40)} ${(images.length / median(list)).toFixed(1).padStart(8)} images/s`);
}
lines?.close();
await encoder.dispose();
