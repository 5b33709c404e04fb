import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.js';
import type { FloatTensor } from '../host-tensor.js';
import { openSafetensors } from './read.js';

/** Weights that are read one at a time, whatever files they lie in. */
export interface TensorSource {
  /** The folder or file, for errors. */
  readonly path: string;
  /** Names of all tensors. */
  names(): Iterable<string>;
  /** Shape of a tensor in Hugging Face's order, undefined where there is none of that name. */
  shape(name: string): readonly number[] | undefined;
  /** Reads one tensor as float32. */
  read(name: string): Promise<FloatTensor>;
  /** Closes the files. */
  close(): Promise<void>;
}

/** Opens the safetensors of a Hugging Face folder. */
export async function openFolderTensors(folder: string): Promise<TensorSource> {
  const path = join(folder, 'model.safetensors');
  if ((await stat(path).catch(() => null)) === null) {
    throw new FormatError('CHECKPOINT_NO_WEIGHTS', 'the folder has no model.safetensors', { where: folder });
  }
  const file = await openSafetensors(path);
  return {
    path,
    names: () => file.entries.keys(),
    shape: (name) => file.entries.get(name)?.shape,
    read: (name) => file.readFloat(name),
    close: () => file.close(),
  };
}
