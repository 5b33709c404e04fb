import * as tf from '@tensorflow/tfjs';
import type { ParameterTree } from '../model/parameters.js';
import { logitCap } from '../model/head.js';
import type { Matrix } from '../model/linear.js';
import { headLogits } from '../model/vocabulary.js';
import type { ModelWeights } from '../model/weights.js';

/**
 * Distribution of the next token.
 * @param hidden [rows, hidden], before the final norm
 * @param inverseTemperature scalar
 * @returns [rows, vocabulary]
 */
export function nextToken(
  model: ModelWeights,
  parameters: ParameterTree<tf.Tensor, Matrix<tf.Tensor>>,
  hidden: tf.Tensor2D,
  inverseTemperature: tf.Tensor,
): tf.Tensor2D {
  const cooled: tf.Tensor2D = tf.mul(model.family.finalNorm(model.config, parameters.outer, hidden), inverseTemperature);
  return tf.softmax(headLogits(cooled, parameters.head, logitCap(model, inverseTemperature), model.activations));
}
