import type { FloatTensor } from './host-tensor.js';

/** Weights that are read one at a time, whatever files they lie in and however they are stored. */
export interface TensorSource {
  /** The folder or file, for errors. */
  readonly path: string;
  /** Hugging Face names of all tensors; a tensor that has no such name stands under its own. */
  names(): Iterable<string>;
  /** Shape of a tensor in Hugging Face's order ([out, in]), undefined where there is none of that name. */
  shape(name: string): readonly number[] | undefined;
  /** Reads one tensor as float32. */
  read(name: string): Promise<FloatTensor>;
  /** Closes the files. */
  close(): Promise<void>;
}
