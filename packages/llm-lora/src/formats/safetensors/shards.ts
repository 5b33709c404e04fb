import { writeFileAtomic } from '@expctr/core';
import { join } from '@expctr/core/platform';
import { sizeOf } from '../host-tensor.js';
import { writeLazySafetensors, type LazyTensor } from './write.js';

/** How a model's tensors are written. */
export interface ShardOptions {
  /** How floats are stored. */
  readonly floats: 'F32' | 'F16' | 'BF16';
  /** Bytes of tensors in one file at most, but for a tensor that is larger by itself. */
  readonly maxShardBytes: number;
}

/**
 * Writes a model's tensors as Hugging Face does: `model.safetensors`, or, where that would be larger than a file may be,
 * `model-00001-of-0000N.safetensors` and `model.safetensors.index.json`, which says where each is. Tensors are made one by one.
 */
export async function writeShards(folder: string, tensors: ReadonlyMap<string, LazyTensor>, options: ShardOptions): Promise<void> {
  const { floats, maxShardBytes } = options;
  const format = { metadata: { format: 'pt' }, floats };
  const bytesOf = ({ shape }: LazyTensor): number => sizeOf(shape) * (floats === 'F32' ? 4 : 2);
  const shards: Map<string, LazyTensor>[] = [];
  let [open, total] = [0, 0];
  for (const [name, tensor] of tensors) {
    const bytes = bytesOf(tensor);
    if (shards.length === 0 || open + bytes > maxShardBytes) {
      shards.push(new Map());
      open = 0;
    }
    shards.at(-1)!.set(name, tensor);
    open += bytes;
    total += bytes;
  }
  if (shards.length === 1) {
    await writeLazySafetensors(join(folder, 'model.safetensors'), shards[0]!, format);
    return;
  }
  const number = (value: number): string => `${value}`.padStart(5, '0');
  const nameOf = (index: number): string => `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
  for (const [index, shard] of shards.entries()) await writeLazySafetensors(join(folder, nameOf(index)), shard, format);
  const places = shards.flatMap((shard, index) => [...shard.keys()].map((name) => [name, nameOf(index)] as const));
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(places.sort(([a], [b]) => (a < b ? -1 : 1))) };
  await writeFileAtomic(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`);
}
