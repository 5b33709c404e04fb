import type * as tf from '@tensorflow/tfjs';
import type { LoraLayer } from '../lora/lora-tree.js';
import type { KeyValues, TokenContext } from './attention.js';

/** The adapter of a block inside a traced function. */
export interface BlockLora {
  /** The adapted linear layers of the block; undefined where there is no adapter. */
  readonly layer: LoraLayer<tf.Tensor> | undefined;
  /** alpha / rank, or alpha / sqrt(rank). */
  readonly scale: number;
}

/** What a block is given beside its weights and the hidden states. */
export interface BlockInputs<PositionKey extends string = string> {
  /** Place of the block, from 0. */
  readonly index: number;
  /** What all blocks share. */
  readonly tokens: TokenContext<PositionKey>;
  /** Keys and values of earlier tokens; null at the start of a text. */
  readonly past: KeyValues<tf.Tensor> | null;
  /** The block's adapter. */
  readonly lora: BlockLora;
}

/** What a block gives. */
export type BlockResult = KeyValues<tf.Tensor4D> & {
  /** [batch * time, hidden] */
  readonly hidden: tf.Tensor2D;
};
