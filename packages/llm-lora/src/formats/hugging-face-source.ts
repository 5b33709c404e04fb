import { namedTensors } from '../families/layout.js';
import type { ModelDescription } from './config-file.js';
import type { FloatTensor } from './host-tensor.js';
import type { TensorSource } from './tensor-source.js';

/**
 * The tensors of a Hugging Face folder as the family's layout names and shapes them: matrices that its files hold transposed are
 * turned, and names that lack the decoder's own part are given it (`h.0.ln_1.weight` of the first GPT-2 files is
 * `transformer.h.0.ln_1.weight`), as transformers does for models that were saved without their head.
 */
export function huggingFaceSource(source: TensorSource, { family, config }: ModelDescription): TensorSource {
  const layout = family.layout(config);
  const transposed = new Set(namedTensors(layout, config.layers).flatMap((entry) => (entry.transposed === true ? [entry.name] : [])));
  const prefix = layout.embedding.name.slice(0, layout.embedding.name.indexOf('.') + 1);
  const bare = prefix !== '' && ![...source.names()].some((name) => name.startsWith(prefix));
  if (transposed.size === 0 && !bare) return source;
  const isHead = (name: string): boolean => name === layout.head?.name || name === 'lm_head.weight';
  const stored = (name: string): string => (bare && name.startsWith(prefix) ? name.slice(prefix.length) : name);
  return {
    path: source.path,
    names: () => (bare ? [...source.names()].map((name) => (isHead(name) ? name : prefix + name)) : source.names()),
    shape(name) {
      const shape = source.shape(stored(name));
      return shape !== undefined && transposed.has(name) ? [...shape].reverse() : shape;
    },
    async read(name) {
      const tensor = await source.read(stored(name));
      return transposed.has(name) ? transpose(tensor) : tensor;
    },
    close: () => source.close(),
  };
}

/** @param tensor [rows, columns] @returns [columns, rows] */
export function transpose({ data, shape }: FloatTensor): FloatTensor {
  const [rows = 0, columns = 0] = shape;
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) turned[column * rows + row] = data[row * columns + column]!;
  }
  return { data: turned, shape: [columns, rows], dtype: 'float32' };
}
