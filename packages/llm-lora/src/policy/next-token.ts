import * as tf from '@tensorflow/tfjs';
import type { ParameterTree } from '../model/parameters.js';
import { logitCap } from '../model/head.js';
import { excerpts } from './excerpt.js';
import type { Matrix } from '../model/linear.js';
import { headLogits } from '../model/vocabulary.js';
import type { ModelWeights } from '../model/weights.js';

/** What the model gives for the next token. Logits are for what changes them: each is copied, and made a probability outside of the graph. */
export type WholeForm = 'probabilities' | 'logits';

/** Or an excerpt of the probabilities: with the token that a number draws, or with the most probable one. */
export type NextTokenForm = WholeForm | 'drawn' | 'likeliest';

/** What is asked of the model for the next token. */
export interface NextTokenRequest {
  /** Of a completion's first token: completions of one prompt share what the model gives. */
  readonly first: WholeForm;
  /** Of later ones. */
  readonly later: NextTokenForm;
  /** Above 0; of logits 1. */
  readonly temperature: number;
}

/**
 * The next token's distribution, or its logits, or what {@link excerpts} gives.
 * @param hidden [rows, hidden], before the final norm
 * @param inverseTemperature scalar
 * @param uniforms [rows], of {@link excerptUniforms}; for the form "drawn"
 * @returns [rows, vocabulary], or excerpts
 */
export function nextToken(
  model: ModelWeights,
  parameters: ParameterTree<tf.Tensor, Matrix<tf.Tensor>>,
  hidden: tf.Tensor2D,
  inverseTemperature: tf.Tensor,
  form: NextTokenForm,
  uniforms: tf.Tensor | null = null,
): tf.Tensor2D {
  const cooled: tf.Tensor2D = tf.mul(model.family.finalNorm(model.config, parameters.outer, hidden), inverseTemperature);
  const logits = headLogits(cooled, parameters.head, logitCap(model, inverseTemperature), model.activations);
  if (form === 'logits') return logits;
  const p: tf.Tensor2D = tf.softmax(logits);
  return form === 'probabilities' ? p : excerpts(p, uniforms);
}
