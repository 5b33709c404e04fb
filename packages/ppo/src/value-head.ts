import type { HostTreeOf } from '@expctr/language-model/training';
import * as tf from '@tensorflow/tfjs';

/** Parameters of the value head: one linear unit on the final hidden state. A type, not an interface: it is a tensor tree. */
export type ValueHead = {
  /** [hidden, 1] */
  readonly weight: tf.Tensor2D;
  /** [1] */
  readonly bias: tf.Tensor1D;
};

/** The head before training: zeros, so that the first advantages are the returns themselves and no random value biases them. */
export function initialValueHead(hiddenSize: number): HostTreeOf<ValueHead> {
  return {
    weight: { data: new Float32Array(hiddenSize), shape: [hiddenSize, 1], dtype: 'float32' },
    bias: { data: new Float32Array(1), shape: [1], dtype: 'float32' },
  };
}

/**
 * The value of the state before each response token, `hidden . weight / sqrt(size) + bias`. The factor makes one step of
 * Adam, which moves every weight by the learning rate whatever the gradient, move a value by about sqrt(size) times
 * that instead of size times: at 576 numbers a head without it overshoots small rewards many times over at first.
 * @param hidden [rows, R, size] the state that predicts the token
 * @returns [rows, R]
 */
export function stateValues(hidden: tf.Tensor3D, { weight, bias }: ValueHead): tf.Tensor2D {
  const [rows, tokens, size] = hidden.shape;
  const flat = tf.matMul(tf.reshape(hidden, [rows * tokens, size]), tf.mul(weight, 1 / Math.sqrt(size))); // [rows * R, 1]
  return tf.reshape(tf.add(flat, bias), [rows, tokens]); // [rows, R]
}
