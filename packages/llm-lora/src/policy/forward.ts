import * as tf from '@tensorflow/tfjs';
import type { AppliedLora } from '../lora/applied-lora.js';
import type { KeyValues } from '../model/attention.js';
import { decode, type DecoderResult } from '../model/decoder.js';
import { tableRows } from '../model/table.js';
import type { ModelWeights, TracedWeights } from '../model/weights.js';
import type { SequenceInputs } from './token-inputs.js';

/** What {@link forwardTokens} needs beside weights and tokens. */
export interface ForwardOptions {
  readonly batch: number;
  readonly time: number;
  /** The adapter, or an empty one for none. */
  readonly lora: AppliedLora<tf.Tensor>;
  /** Keys and values of a prefix that every token sees, or none. */
  readonly past: readonly KeyValues<tf.Tensor>[];
  /** As `DecoderInputs.recompute`. */
  readonly recompute?: boolean;
}

/** Token ids through embedding and blocks: the traced part that scoring, training, reading and prefill share. */
export function forwardTokens(
  { family, config, activations }: ModelWeights,
  { parameters }: TracedWeights,
  { tokens, positions, mask }: SequenceInputs<tf.Tensor>,
  { batch, time, lora, past, recompute = false }: ForwardOptions,
): DecoderResult {
  const rows = tableRows(parameters.embedding, tokens as tf.Tensor1D); // [batch * time, width]
  return decode(family, config, parameters, rows, {
    tokens: { batch, time, positions, mask, pastMask: null },
    past: past.length === 0 ? null : past,
    lora,
    activations,
    recompute,
  });
}
