import { namedTensors } from '../../families/layout.js';
import type { ModelDescription } from '../config-file.js';
import { FormatError } from '../errors.js';
import type { FloatTensor } from '../host-tensor.js';
import type { TensorSource } from '../tensor-source.js';
import type { GgufFile } from './open.js';

/** A GGUF file under Hugging Face's names and in its order of rows. */
export function ggufSource(file: GgufFile, { family, config }: Pick<ModelDescription, 'family' | 'config'>): TensorSource {
  const known = namedTensors(family.layout(config), config.layers);
  const nameOf = new Map(known.map(({ gguf, name }) => [gguf, name]));
  const stored = new Map([...file.tensors.keys()].map((own) => [nameOf.get(own) ?? own, own]));
  const entries = new Map(known.map((entry) => [entry.name, entry]));
  return {
    path: file.path,
    names: () => stored.keys(),
    shape: (name) => file.tensors.get(stored.get(name) ?? '')?.shape,
    async read(name) {
      const own = stored.get(name);
      if (own === undefined) throw new FormatError('GGUF_MISSING_TENSOR', `it has no tensor for ${name}`, { where: file.path });
      const tensor = await file.read(own);
      const { ggufPermutedHeads: heads, ggufAdded = 0 } = entries.get(name) ?? {};
      if (ggufAdded !== 0) tensor.data.forEach((value, at) => (tensor.data[at] = value - ggufAdded));
      return heads === undefined ? tensor : unpermuteHeads(tensor, heads);
    },
    close: () => file.close(),
  };
}

/**
 * Undoes llama.cpp's order of rows in q and k: within a head it keeps the two halves of a rotated pair side by side
 * (0, d/2, 1, d/2 + 1, …), Hugging Face keeps the first halves and then the second ones.
 *
 * @param tensor [heads * headDim, in], or a bias, [heads * headDim]
 */
export function unpermuteHeads(tensor: FloatTensor, heads: number): FloatTensor {
  const [rows = 0, width = 1] = tensor.shape;
  const headDim = rows / heads;
  const half = headDim / 2;
  const data = new Float32Array(tensor.data.length);
  for (let row = 0; row < rows; row += 1) {
    const inHead = row % headDim;
    const target = row - inHead + (inHead % 2) * half + (inHead >> 1);
    data.set(tensor.data.subarray(row * width, (row + 1) * width), target * width);
  }
  return { ...tensor, data };
}
