import { quantize, quantizeTable, type FrozenFormat } from '@expctr/tfjs-backend-onnx';
import { namedTensors, tensorsOfBlocks } from '../families/layout.js';
import { FormatError } from './errors.js';
import { sameShape, sizeOf, strangeValue, type FloatTensor, type StoredTensor } from './host-tensor.js';
import type { OpenModel } from './open-model.js';
import type { TensorSource } from './tensor-source.js';

/**
 * Reads all weights of a model after checking that the file holds exactly those that the configuration asks for.
 * @param keep what of a tensor is kept; the rest is gone before the next is read
 * @throws FormatError `CHECKPOINT_MISSING_TENSOR`, `CHECKPOINT_WRONG_SHAPE`, `CHECKPOINT_UNKNOWN_TENSOR`, `CHECKPOINT_NOT_FINITE`, and what reading throws.
 */
export async function readWeights(
  { family, config, source }: OpenModel,
  onProgress: (loaded: number, total: number) => void = () => undefined,
  keep: (name: string, tensor: FloatTensor) => StoredTensor | Promise<StoredTensor> = (_, tensor) => tensor,
): Promise<Map<string, StoredTensor>> {
  const shapes = new Map(namedTensors(family.layout(config), config.layers).map(({ name, shape }) => [name, shape]));
  for (const [name, expected] of shapes) {
    const stored = source.shape(name);
    if (stored === undefined) throw missingTensor(source, name, expected);
    if (!sameShape(stored, expected)) throw wrongShape(source, name, stored, expected);
  }
  for (const name of source.names()) {
    // A weight that is left out would change every answer without a sign of it.
    if (!shapes.has(name) && !family.ignores(name, config)) throw unknownTensor(source, name);
  }
  const total = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const tensors = new Map<string, StoredTensor>();
  let loaded = 0;
  for (const [name, shape] of shapes) {
    const tensor = await source.read(name);
    const strange = strangeValue(tensor);
    if (strange !== null) throw notFinite(source, name, strange);
    tensors.set(name, await keep(name, tensor));
    loaded += sizeOf(shape);
    onProgress(loaded, total);
  }
  return tensors;
}

/** What {@link readWeights} is to keep of each tensor: linear layers, embedding table and head small, the rest as it is. */
export function keepSmall(
  { family, config }: Pick<OpenModel, 'family' | 'config'>,
  format: FrozenFormat,
): (name: string, tensor: FloatTensor) => StoredTensor | Promise<StoredTensor> {
  const layout = family.layout(config);
  const matrices = new Set(tensorsOfBlocks(layout, layout.linears, config.layers).map(({ name }) => name));
  const tables = new Set([layout.embedding, ...(layout.head === null ? [] : [layout.head])].map(({ name }) => name));
  return (name, tensor) => (matrices.has(name) ? quantize(tensor, format) : tables.has(name) ? quantizeTable(tensor, format) : tensor);
}

function describe(shape: readonly number[]): string {
  return `[${shape.join(', ')}] (${sizeOf(shape)} weights)`;
}

function missingTensor(source: TensorSource, name: string, expected: readonly number[]): FormatError {
  return new FormatError('CHECKPOINT_MISSING_TENSOR', `the tensor ${name} is missing`, {
    where: source.path,
    expected: `it with shape ${describe(expected)}, as the configuration asks`,
    remedy: 'check that config.json belongs to these weights and that all of their files are there',
  });
}

function wrongShape(source: TensorSource, name: string, stored: readonly number[], expected: readonly number[]): FormatError {
  return new FormatError('CHECKPOINT_WRONG_SHAPE', `the tensor ${name} has shape ${describe(stored)}`, {
    where: source.path,
    expected: `${describe(expected)}, as the configuration asks`,
    remedy: 'check that config.json belongs to these weights',
  });
}

function unknownTensor(source: TensorSource, name: string): FormatError {
  return new FormatError('CHECKPOINT_UNKNOWN_TENSOR', `the tensor ${name} has no place in this architecture`, {
    where: source.path,
    expected: 'only the tensors that the configuration asks for',
    remedy: 'check that the model is a plain one of its architecture (no biases, no adapters, no quantization)',
  });
}

function notFinite(source: TensorSource, name: string, value: string): FormatError {
  return new FormatError('CHECKPOINT_NOT_FINITE', `the tensor ${name} holds ${value}`, {
    where: source.path,
    expected: 'finite weights: with others every answer would be noise',
    remedy: 'download the file again; weights that were saved like this, or that overflowed in float16, cannot be used',
  });
}
