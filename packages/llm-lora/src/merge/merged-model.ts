import type { ModelFamily } from '../families/family.js';
import { FormatError } from '../formats/errors.js';
import { sizeOf, type FloatTensor } from '../formats/host-tensor.js';
import type { DecoderConfig } from '../model/config.js';
import type { MergedTensor } from './merge-adapter.js';

/** A model that is about to be written. */
export interface MergedModel {
  /** Its family. */
  readonly family: ModelFamily;
  /** Its hyperparameters. */
  readonly config: DecoderConfig;
  /** Its tensors, in the order of its blocks. */
  readonly tensors: readonly MergedTensor[];
  /** What it was loaded from. */
  readonly source: string;
}

/** What writing a model in either form takes. */
export interface WriteModelOptions {
  readonly model: MergedModel;
  /** A folder or model file with config.json and tokenizer beside it. */
  readonly files: string;
  readonly onProgress?: (written: number, total: number) => void;
}

/** Counts weights as they are made. */
export function withProgress({ model: { tensors }, onProgress }: WriteModelOptions): MergedTensor[] {
  const total = tensors.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0);
  let written = 0;
  return tensors.map(({ tensor, make }) => ({
    tensor,
    make: () => {
      const made = make();
      written += sizeOf(tensor.shape);
      onProgress?.(written, total);
      return made;
    },
  }));
}

/** The first number from which on half precision rounds to infinity. */
const HALF_OVERFLOW = 65_520;

/** @param units so many make the largest number @throws FormatError `MERGE_OVERFLOW` for a number that half precision has no room for */
export function checkHalf(name: string, tensor: FloatTensor, where: string, units = 1): FloatTensor {
  const beyond = tensor.data.find((value) => !(Math.abs(value) < HALF_OVERFLOW * units));
  if (beyond === undefined) return tensor;
  throw new FormatError('MERGE_OVERFLOW', `the tensor ${name} holds ${beyond}, which half precision has no room for`, {
    where,
    expected: `numbers below ${HALF_OVERFLOW * units}`,
    remedy: 'save it with dtype float32, or as a folder with bfloat16',
  });
}
