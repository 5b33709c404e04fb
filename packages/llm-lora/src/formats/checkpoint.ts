import { stat } from 'node:fs/promises';
import type { ModelDescription } from './config-file.js';
import { readConfig } from './config-file.js';
import { FormatError } from './errors.js';
import { sameShape, type FloatTensor } from './host-tensor.js';
import type { LlamaConfig } from './llama-config.js';
import { openFolderTensors, type TensorSource } from './safetensors/folder.js';

/** A language model's weights in host memory. */
export interface Checkpoint {
  /** Hyperparameters. */
  readonly config: LlamaConfig;
  /** Weights by Hugging Face name (`model.layers.0.self_attn.q_proj.weight`), shape [out, in] as stored, all float32. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** The folder or file it was read from. */
  readonly source: string;
}

/**
 * Loads a causal language model: a Hugging Face folder (config.json with safetensors of F32, F16 or BF16, in one file or
 * sharded), a `.gguf` file, or a folder that holds one.
 *
 * @throws FormatError where something is missing, damaged, unsupported or contradictory; it names the file and the remedy.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    throw new FormatError('CHECKPOINT_NOT_FOUND', 'there is no such file or folder', {
      where: path,
      expected: 'a folder with config.json and model.safetensors, or a .gguf file',
      remedy: 'download the model and give the path of its folder',
    });
  }
  const description = await readConfig(path);
  if (description === null) throw new FormatError('CHECKPOINT_NO_CONFIG', 'the folder has no config.json', { where: path });
  const source = await openFolderTensors(path);
  try {
    return { config: description.config, tensors: await readTensors(source, description), source: path };
  } finally {
    await source.close();
  }
}

async function readTensors(source: TensorSource, { architecture, config }: ModelDescription): Promise<Map<string, FloatTensor>> {
  const shapes = architecture.tensorShapes(config);
  for (const [name, expected] of shapes) {
    const stored = source.shape(name);
    if (stored === undefined) throw missingTensor(source, name, expected);
    if (!sameShape(stored, expected)) throw wrongShape(source, name, stored, expected);
  }
  for (const name of source.names()) {
    if (!shapes.has(name) && !architecture.ignores(name, config)) throw unknownTensor(source, name);
  }
  const tensors = new Map<string, FloatTensor>();
  for (const name of shapes.keys()) tensors.set(name, await source.read(name));
  return tensors;
}

function missingTensor(source: TensorSource, name: string, expected: readonly number[]): FormatError {
  return new FormatError('CHECKPOINT_MISSING_TENSOR', `the tensor ${name} is missing`, {
    where: source.path,
    expected: `it with shape [${expected.join(', ')}], as config.json asks`,
    remedy: 'check that config.json belongs to these weights and that all of their files are there',
  });
}

function wrongShape(source: TensorSource, name: string, stored: readonly number[], expected: readonly number[]): FormatError {
  return new FormatError('CHECKPOINT_WRONG_SHAPE', `the tensor ${name} has shape [${stored.join(', ')}]`, {
    where: source.path,
    expected: `[${expected.join(', ')}] (${expected.reduce((a, b) => a * b, 4)} bytes as float32), as config.json asks`,
    remedy: 'check that config.json belongs to these weights',
  });
}

function unknownTensor(source: TensorSource, name: string): FormatError {
  return new FormatError('CHECKPOINT_UNKNOWN_TENSOR', `the tensor ${name} has no place in this architecture`, {
    where: source.path,
    expected: 'only the tensors that config.json asks for',
    remedy: 'check that the model is a plain one of its architecture (no biases, no adapters, no quantization)',
  });
}
