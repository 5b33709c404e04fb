import * as tf from '@tensorflow/tfjs';
import type { ParameterTree } from '../model/parameters.js';
import type { ModelWeights } from '../model/weights.js';

/**
 * Distribution of the next token.
 * @param hidden [rows, hidden], before the final norm
 * @param inverseTemperature scalar
 * @returns [rows, vocabulary]
 */
export function nextToken(
  { family, config }: ModelWeights,
  parameters: ParameterTree<tf.Tensor>,
  hidden: tf.Tensor2D,
  inverseTemperature: tf.Tensor,
): tf.Tensor2D {
  const cooled: tf.Tensor2D = tf.mul(family.finalNorm(config, parameters, hidden), inverseTemperature);
  return tf.softmax(tf.matMul(cooled, parameters.head as tf.Tensor2D, false, true));
}
