import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureBatch, HostParameters } from './backbone.js';
import { firstOrderTerm, initLinear, type LinearParameters } from './fields.js';
import { mlpOptions, type MlpOptions } from './mlp.js';

/** Options of a network whose paper has no first-order term, for backbones to have among theirs. */
export const deepOptions = mlpOptions.extend({
  firstOrder: z
    .boolean()
    .default(true)
    .describe('adds a first-order term, which the paper does not have: a weight for each value, learned well from few rows'),
});

/** What {@link deepOptions} give. */
export interface DeepOptions extends MlpOptions {
  /** Whether a first-order term is added. Default true. */
  readonly firstOrder: boolean;
}

/** Parameters of a backbone that may have a first-order term. */
export type FirstOrderParameters = {
  /** First-order weights; absent without such a term. */
  readonly linear?: LinearParameters;
};

/** The parameters of the first-order term, if it is wanted. */
export function initFirstOrder(schema: FeatureSchema, { firstOrder }: DeepOptions): HostParameters<FirstOrderParameters> {
  return firstOrder ? { linear: initLinear(schema) } : {};
}

/** `logits` [batch, 1] with the first-order term, if there is one. */
export function plusFirstOrder({ linear }: FirstOrderParameters, logits: tf.Tensor2D, batch: FeatureBatch): tf.Tensor2D {
  return linear === undefined ? logits : tf.add(firstOrderTerm(linear, batch), logits);
}
