import * as tf from '@tensorflow/tfjs';
import { countWhere, onTokens, total } from './masked.js';

/** Tensors of {@link valueLoss}, each [rows, R] float32. */
export interface ValueLossInputs {
  /** The value head's present estimates; the gradient flows through these. */
  readonly values: tf.Tensor2D;
  /** Its estimates when the rollout was scored. */
  readonly oldValues: tf.Tensor2D;
  /** Regression targets. */
  readonly returns: tf.Tensor2D;
  /** 1 on response tokens, 0 on padding. */
  readonly mask: tf.Tensor2D;
}

/** Bound of {@link valueLoss}. */
export interface ValueLossOptions {
  /** How far a value may move from its old estimate before its gradient stops. */
  readonly valueClipRange: number;
}

/** Sums over the response tokens of a micro-batch, scalars. */
export interface ValueLossSums {
  /** Sum of the squared errors, halved. */
  readonly loss: tf.Scalar;
  /** Tokens where the clipped error is the larger one. */
  readonly clipped: tf.Scalar;
}

/**
 * The clipped value loss of OpenAI's baselines and lm-human-preferences, per token
 * `max((v - R)^2, (clip(v, vOld - epsilon, vOld + epsilon) - R)^2) / 2`.
 */
export function valueLoss(inputs: ValueLossInputs, { valueClipRange }: ValueLossOptions): ValueLossSums {
  const { mask } = inputs;
  const [values, oldValues, returns] = [inputs.values, inputs.oldValues, inputs.returns].map((each) => onTokens(each, mask)) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ]; // [rows, R] each
  const moved = tf.clipByValue(tf.sub(values, oldValues), -valueClipRange, valueClipRange); // [rows, R]
  const unclipped = tf.square(tf.sub(values, returns)); // [rows, R]
  const clipped = tf.square(tf.sub(tf.add(oldValues, moved), returns)); // [rows, R]
  return { loss: tf.mul(0.5, total(tf.maximum(unclipped, clipped))), clipped: countWhere(tf.greater(clipped, unclipped), mask) };
}
