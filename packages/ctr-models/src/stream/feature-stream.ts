import type { Rng } from '@expctr/core';
import type { Features } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';

/** Feature rows that are read while a model is fitted, a part of them in memory at a time. */
export interface FeatureStream {
  /** What the columns mean. */
  readonly schema: FeatureSchema;
  /** Number of rows. */
  readonly length: number;
  /** How many of them have label 1. */
  readonly positives: number;
  /** The most rows that are in memory at once. */
  readonly bufferRows: number;
  /** All rows in the order of their source. */
  whole(): Promise<Features>;
  /**
   * All rows once, in blocks of at most `bufferRows` and at least one part of the source. Which parts make a block is drawn; the rows of a
   * block are in the order of the source.
   */
  blocks(rng: Rng): AsyncIterable<Features>;
  /** SHA-256 of the source and of what is taken of it: what a fit's checkpoint is of. */
  digest(): Promise<string>;
  /** Closes the source. */
  close(): Promise<void>;
}

/** Whether training rows are streamed. */
export function isStream(train: Features | FeatureStream): train is FeatureStream {
  return 'blocks' in train;
}
