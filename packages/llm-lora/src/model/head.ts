import * as tf from '@tensorflow/tfjs';
import type { ModelWeights, TracedWeights } from './weights.js';
import type { TracedHead } from './vocabulary.js';

/** The bound of a family's logits once they are divided by the temperature; null for none. @param inverseTemperature [] */
export function logitCap({ family, config }: Pick<ModelWeights, 'family' | 'config'>, inverseTemperature: tf.Tensor): tf.Tensor | null {
  const cap = family.logitCap?.(config) ?? null;
  return cap === null ? null : tf.mul(inverseTemperature, cap);
}

/** The head for hidden states that are divided by the temperature. */
export function tracedHead(model: ModelWeights, { parameters, headParts }: TracedWeights, inverseTemperature: tf.Tensor): TracedHead {
  return { matrix: parameters.head, parts: headParts, cap: logitCap(model, inverseTemperature) };
}
