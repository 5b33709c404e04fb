import { checkpoint, type Activations } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { ModelFamily } from '../families/family.js';
import type { AppliedLora } from '../lora/applied-lora.js';
import type { KeyValues, TokenContext } from './attention.js';
import type { BlockInputs, BlockResult } from './block.js';
import type { DecoderConfig } from './config.js';
import { blockLinears, type BlockLora, type Matrix } from './linear.js';
import type { ParameterTree } from './parameters.js';

/** What a run over some tokens needs beside the weights. */
export interface DecoderInputs {
  /** What all blocks share. */
  readonly tokens: TokenContext;
  /** Keys and values of earlier tokens, one entry for each block; null at the start of a text. */
  readonly past: readonly KeyValues<tf.Tensor>[] | null;
  /** The adapter; null, or an empty one, for none. */
  readonly lora: AppliedLora<tf.Tensor> | null;
  /** How activations enter products by integers. Default float32. */
  readonly activations?: Activations;
  /** Whether a gradient computes each block a second time in place of keeping what it made. Default false. */
  readonly recompute?: boolean;
}

type Weights = Readonly<Record<string, tf.Tensor>>;
type Matrices = Readonly<Record<string, Matrix<tf.Tensor>>>;
type Inputs = Omit<BlockInputs, 'linear'> & { readonly lora: BlockLora };

/** What a run over some tokens gives. */
export interface DecoderResult {
  /** [batch * time, hidden], before the final norm */
  readonly hidden: tf.Tensor2D;
  /** Keys and values of these tokens for each block, [batch, keyValueHeads, time, headDim]. */
  readonly keyValues: readonly KeyValues<tf.Tensor4D>[];
}

/**
 * A model's embedding and all of its blocks. A whole text, a text after a known prefix and a single token after a cache are the
 * same function, which differs only in `time` and `past`.
 * @param rows [batch * time, width]: the rows of the embedding table for the tokens at hand
 */
export function decode(
  family: ModelFamily,
  config: DecoderConfig,
  parameters: ParameterTree<tf.Tensor, Matrix<tf.Tensor>>,
  rows: tf.Tensor2D,
  { tokens, past, lora, activations = 'float32', recompute = false }: DecoderInputs,
): DecoderResult {
  // all tensors are arguments, for a gradient that computes the block again
  const block = (layer: Weights, matrices: Matrices, x: tf.Tensor2D, { lora: adapter, ...inputs }: Inputs): BlockResult =>
    family.block(config, layer, x, { ...inputs, linear: blockLinears(matrices, adapter, activations) });
  const apply = recompute ? checkpoint(block) : block;
  let hidden = family.embed(config, parameters.outer, rows, tokens);
  const keyValues = parameters.layers.map((layer, index) => {
    const inputs = { index, tokens, past: past?.[index] ?? null, lora: lora?.[index] };
    const { keys, values, ...result } = tf.tidy(`layer${index}`, () => apply(layer, parameters.linears[index]!, hidden, inputs));
    hidden = result.hidden;
    return { keys, values };
  });
  return { hidden, keyValues };
}
