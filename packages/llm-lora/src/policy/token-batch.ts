import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { LlamaConfig } from '../formats/llama-config.js';
import { PolicyError } from './errors.js';
import { checkTexts, type TokenIds } from './token-ids.js';

/** Rows of prompt and response as ragged arrays. */
export interface TokenBatch {
  /** `prompts[i]` is the context of `responses[i]`; rows with equal prompts share their computation. */
  readonly prompts: readonly TokenIds[];
  /** At least one token each. */
  readonly responses: readonly TokenIds[];
  /** Logits are divided by it before every log-probability and entropy. Default 1. */
  readonly temperature?: number;
  /** Values per response token, ragged like `responses`; they reach a loss as `TracedBatch.columns`. */
  readonly columns?: Readonly<Record<string, readonly Float32Array[]>>;
  /** Numbers that reach a loss as `TracedBatch.scalars`. */
  readonly scalars?: Readonly<Record<string, number>>;
}

/** What the model says about the response tokens of a batch; R is the padded response length. */
export interface TokenOutputs {
  /** [rows, R] float32: log-probability of each given response token in nats, of logits divided by the temperature; 0 on padding. */
  readonly logProbs: tf.Tensor2D;
  /** [rows, R] float32: entropy in nats of the distribution that each response token was drawn from; 0 on padding. */
  readonly entropy: tf.Tensor2D;
  /** [rows, R, hidden] float32: final-norm state that predicts each response token (that of the token before it). */
  readonly hidden: tf.Tensor3D;
}

/** The batch as a loss sees it while it is traced. */
export interface TracedBatch {
  /** [rows, R] float32: 1 on response tokens, 0 on padding and on rows that fill a shape; it comes from lengths. */
  readonly mask: tf.Tensor2D;
  /** [rows, R] float32, zero on padding. */
  readonly columns: Readonly<Record<string, tf.Tensor2D>>;
  /** The batch's scalars. */
  readonly scalars: Readonly<Record<string, tf.Scalar>>;
}

/** A tree of tensors `P` with each tensor replaced by its host form. */
export type HostTreeOf<P> = P extends tf.Tensor ? HostTensor : { readonly [K in keyof P]: HostTreeOf<P[K]> };

/** @throws {@link PolicyError} when rows, columns or the temperature do not fit together */
export function checkBatch({ prompts, responses, temperature = 1, columns = {} }: TokenBatch, config: LlamaConfig): void {
  const wrong = (what: string, expected: string): PolicyError =>
    new PolicyError('POLICY_ROW_COUNT', what, { where: 'token batch', expected });
  if (prompts.length !== responses.length)
    throw wrong(`it has ${prompts.length} prompts and ${responses.length} responses`, 'a response for each prompt');
  checkTexts(prompts, 'prompt', config);
  checkTexts(responses, 'response', config);
  prompts.forEach((prompt, row) => {
    if (prompt.length + responses[row]!.length <= config.maxPositions) return;
    throw new PolicyError('POLICY_TOO_LONG', `prompt and response have ${prompt.length} and ${responses[row]!.length} tokens`, {
      where: `row ${row}`,
      expected: `at most ${config.maxPositions} together, the model's context`,
      remedy: 'shorten the prompt (drop the oldest history entries)',
    });
  });
  for (const [name, rows] of Object.entries(columns)) {
    if (rows.length !== responses.length) throw wrong(`the column ${name} has ${rows.length} rows`, `${responses.length}`);
    const at = rows.findIndex((values, row) => values.length !== responses[row]!.length);
    if (at >= 0)
      throw wrong(
        `row ${at} of the column ${name} has ${rows[at]!.length} values`,
        `${responses[at]!.length}, one for each response token`,
      );
  }
  if (temperature > 0 && Number.isFinite(temperature)) return;
  throw new PolicyError('POLICY_TEMPERATURE', `the temperature is ${temperature}`, { where: 'token batch', expected: 'a positive number' });
}
