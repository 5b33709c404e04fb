import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Adapter } from '../../src/formats/adapter.js';
import type { FloatTensor } from '../../src/formats/host-tensor.js';
import { writeSafetensors } from '../../src/formats/safetensors/write.js';
import type { LoraFixture } from '../model/lora-fixture.js';
import type { LogitsFixture } from '../model/oracle.js';

/** What tools/oracles/llm-lora_families.py writes of a family. */
export interface FamilyNumbers {
  /** Shapes by name, `*` for the number of a block. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly layers: number;
  readonly logits: LogitsFixture;
  readonly greedy: readonly { readonly prompt: readonly number[]; readonly tokens: readonly number[] }[];
  readonly lora: LoraFixture & {
    readonly rank: number;
    readonly alpha: number;
    readonly targetModules: readonly string[];
    readonly factors: Readonly<Record<string, readonly number[]>>;
  };
}

const FAMILIES = resolve(import.meta.dirname, '../fixtures/families');

export function readNumbers(name: string): FamilyNumbers {
  return JSON.parse(readFileSync(join(FAMILIES, name, 'numbers.json'), 'utf8')) as FamilyNumbers;
}

/** A family's tiny model as files: a folder with safetensors, and a GGUF file in a folder of its own. */
export interface FamilyFiles {
  readonly folder: string;
  readonly gguf: string;
  remove(): Promise<void>;
}

export async function familyFiles(name: string): Promise<FamilyFiles> {
  const root = await mkdtemp(join(tmpdir(), 'expctr-family-'));
  await writeFile(join(root, 'config.json'), await readFile(join(FAMILIES, name, 'config.json')));
  await writeSafetensors(join(root, 'model.safetensors'), familyTensors(readNumbers(name)));
  const folder = await mkdtemp(join(root, 'gguf-'));
  const gguf = join(folder, 'model.gguf');
  await writeFile(gguf, gunzipSync(await readFile(join(FAMILIES, name, 'model.gguf.gz'))));
  return { folder: root, gguf, remove: () => rm(root, { recursive: true }) };
}

/** The model's tensors under the names and in the shapes that transformers has for them. */
export function familyTensors({ tensors, layers }: FamilyNumbers): Map<string, FloatTensor> {
  return new Map(inBlocks(tensors, layers).map(([name, shape]) => [name, tensor(shape, weightsOf(name, shape))]));
}

/** The adapter on all linear layers. */
export function familyAdapter({ lora: { rank, alpha, targetModules, factors }, layers }: FamilyNumbers): Adapter {
  const drawn = new Map(
    inBlocks(factors, layers).map(([name, shape]) => [
      name,
      tensor(
        shape,
        valuesOf(name, shape).map((each) => each / 4),
      ),
    ]),
  );
  const modules = [...drawn.keys()].filter((name) => name.endsWith('.lora_A')).map((name) => name.slice(0, -'.lora_A'.length));
  const tensors = new Map(modules.map((module) => [module, { a: drawn.get(`${module}.lora_A`)!, b: drawn.get(`${module}.lora_B`)! }]));
  return { config: { rank, alpha, targetModules }, tensors };
}

function inBlocks(shapes: Readonly<Record<string, readonly number[]>>, layers: number): [string, readonly number[]][] {
  return Object.entries(shapes).flatMap(([name, shape]) =>
    name.includes('*')
      ? Array.from({ length: layers }, (_, index): [string, readonly number[]] => [name.replace('*', `${index}`), shape])
      : [[name, shape]],
  );
}

const tensor = (shape: readonly number[], data: Float32Array): FloatTensor => ({ data, shape, dtype: 'float32' });

/** The values that the script gives a tensor of this name. */
export function drawnTensor(name: string, shape: readonly number[], change: (value: number) => number): FloatTensor {
  return tensor(shape, valuesOf(name, shape).map(change));
}

/** `values` of the script: multiples of 1 / 16 that a tensor's name determines. */
function valuesOf(name: string, shape: readonly number[]): Float32Array {
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    let h = (Math.imul(i, 0x9e3779b1) + seed) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
    h = (h ^ (h >>> 16)) >>> 0;
    return (2 * (h >>> 28) - 15) / 16;
  });
}

/** `weights_of` of the script. */
function weightsOf(name: string, shape: readonly number[]): Float32Array {
  const drawn = valuesOf(name, shape);
  if (/embed_tokens|lm_head|wte|wpe/.test(name)) return drawn;
  const norm = shape.length !== 2 && !name.endsWith('.bias');
  return drawn.map((value) => (norm ? 1 + value / 4 : value / 2));
}
