// The loss of a language model's training step where a tool only wants the step's cost or its curve.
import type { StepLoss } from '@expctr/llm-lora';
import * as tf from '@tensorflow/tfjs';

/** Cross entropy of the response tokens in nats, a mean over `scalars.tokens` of them. */
export const meanCrossEntropy: StepLoss<object> = ({ logProbs }, { mask, scalars }) => ({
  loss: tf.neg(tf.div(tf.sum(tf.mul(logProbs, mask)), scalars['tokens']!)),
  metrics: {},
});
