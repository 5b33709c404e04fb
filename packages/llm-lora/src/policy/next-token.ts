import * as tf from '@tensorflow/tfjs';
import type { ParameterTree } from '../model/parameters.js';
import { logitCap } from '../model/head.js';
import type { Matrix } from '../model/linear.js';
import { headLogits } from '../model/vocabulary.js';
import type { ModelWeights } from '../model/weights.js';

/** What the model gives for the next token. Logits are for what changes them: each is copied, and made a probability outside of the graph. */
export type NextTokenForm = 'probabilities' | 'logits';

/** What is asked of the model for the next token. */
export interface NextTokenRequest {
  readonly form: NextTokenForm;
  /** Above 0; of logits 1. */
  readonly temperature: number;
}

/**
 * The next token's distribution, or its logits.
 * @param hidden [rows, hidden], before the final norm
 * @param inverseTemperature scalar
 * @returns [rows, vocabulary]
 */
export function nextToken(
  model: ModelWeights,
  parameters: ParameterTree<tf.Tensor, Matrix<tf.Tensor>>,
  hidden: tf.Tensor2D,
  inverseTemperature: tf.Tensor,
  form: NextTokenForm,
): tf.Tensor2D {
  const cooled: tf.Tensor2D = tf.mul(model.family.finalNorm(model.config, parameters.outer, hidden), inverseTemperature);
  const logits = headLogits(cooled, parameters.head, logitCap(model, inverseTemperature), model.activations);
  return form === 'logits' ? logits : tf.softmax(logits);
}
