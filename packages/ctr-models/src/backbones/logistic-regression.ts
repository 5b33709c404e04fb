import type * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Backbone, FeatureBatch } from './backbone.js';
import { firstOrderTerm, initLinear, type LinearParameters } from './fields.js';

/** Parameters of {@link logisticRegression}. */
export type LogisticRegressionParameters = {
  /** First-order weights. */
  readonly linear: LinearParameters;
};

/** Logistic regression over all features: bias + sum of weights. No embeddings, no interactions. */
export const logisticRegression: Backbone<LogisticRegressionParameters> = {
  name: 'logistic-regression',
  description: 'logistic regression over all features: no embeddings, no interactions',
  options: z.object({}),
  usesEmbeddings: false,
  init: (schema) => ({ linear: initLinear(schema) }),
  logits: ({ linear }, batch: FeatureBatch): tf.Tensor2D => firstOrderTerm(linear, batch),
};
