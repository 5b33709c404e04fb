import type * as tf from '@tensorflow/tfjs';
import type { Checkpoint } from '../formats/checkpoint.js';
import type { FloatTensor } from '../formats/host-tensor.js';
import type { LlamaConfig } from '../formats/llama-config.js';
import type { LoraTree } from '../lora/lora-tree.js';
import type { AttentionContext, KeyValues } from './attention.js';
import type { LinearModule, LlamaParameters } from './parameters.js';

/** An adapter inside a traced function. */
export interface TracedLora {
  readonly tree: LoraTree<tf.Tensor>;
  /** alpha / rank, or alpha / sqrt(rank). */
  readonly scale: number;
}

/** What a run over some tokens needs beside the weights. */
export interface DecoderInputs extends AttentionContext {
  /** Keys and values of earlier tokens, one entry for each block; null at the start of a text. */
  readonly past: readonly KeyValues<tf.Tensor>[] | null;
  readonly lora: TracedLora | null;
  /** Whether a gradient computes each block a second time in place of keeping what it made. */
  readonly recompute?: boolean;
}

/** What a run over some tokens gives. */
export interface DecoderResult {
  /** [batch * time, hidden], before the final norm */
  readonly hidden: tf.Tensor2D;
  /** Keys and values of these tokens for each block, [batch, keyValueHeads, time, headDim]. */
  readonly keyValues: readonly KeyValues<tf.Tensor4D>[];
}

/**
 * A family of decoder-only models as pure functions. A whole text, a text after a known prefix and a single token after a
 * cache are the same function, which differs only in `time` and `past`. A new family is one file beside llama.ts and one
 * line in table.ts.
 */
export interface DecoderArchitecture {
  /** Weights as a tree of host tensors, shared with the checkpoint. */
  parameters(checkpoint: Checkpoint): LlamaParameters<FloatTensor>;
  /** Sizes of a linear layer of a block. */
  linearShape(config: LlamaConfig, module: LinearModule): { readonly in: number; readonly out: number };
  /** All blocks. @param embedded [batch * time, hidden] */
  decode(config: LlamaConfig, parameters: LlamaParameters<tf.Tensor>, embedded: tf.Tensor2D, inputs: DecoderInputs): DecoderResult;
  /** The norm before the head. @param hidden [rows, hidden] */
  finalNorm(config: LlamaConfig, parameters: LlamaParameters<tf.Tensor>, hidden: tf.Tensor2D): tf.Tensor2D;
}
