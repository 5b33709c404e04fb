import type * as tf from '@tensorflow/tfjs';
import type { KeyValues, TokenContext } from './attention.js';

/** What a block is given beside its weights and the hidden states. */
export interface BlockInputs<LinearKey extends string = string, PositionKey extends string = string> {
  /** Place of the block, from 0. */
  readonly index: number;
  /** What all blocks share. */
  readonly tokens: TokenContext<PositionKey>;
  /** Keys and values of earlier tokens; null at the start of a text. */
  readonly past: KeyValues<tf.Tensor> | null;
  /** A linear layer of the block by its name, with its adapter where it has one: from [rows, in] to [rows, out]. */
  readonly linear: (x: tf.Tensor2D, name: LinearKey) => tf.Tensor2D;
}

/** What a block gives. */
export type BlockResult = KeyValues<tf.Tensor4D> & {
  /** [batch * time, hidden] */
  readonly hidden: tf.Tensor2D;
};
