import type { Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { perEvent } from './attention.js';
import type { HostParameters } from './backbone.js';
import { uniform, zeros } from './initializers.js';

/** A gated recurrent unit; update gate u, reset gate r and candidate stand side by side, in this order. */
export type GruParameters = {
  /** W^u, W^r, W^h: [in, 3 * units] */
  readonly input: tf.Tensor2D;
  /** U^u, U^r, U^h: [units, 3 * units] */
  readonly state: tf.Tensor2D;
  /** b^u, b^r, b^h: [3 * units] */
  readonly bias: tf.Tensor1D;
};

/** Matrices at 1 / sqrt(in), biases zero. */
export function initGru(inputs: number, units: number, rng: Rng): HostParameters<GruParameters> {
  return {
    input: uniform([inputs, 3 * units], 1 / Math.sqrt(inputs), rng.fork('input')),
    state: uniform([units, 3 * units], 1 / Math.sqrt(units), rng.fork('state')),
    bias: zeros([3 * units]),
  };
}

/**
 * The states of a gated recurrent unit (equations 2 to 5 of DIEN): u = sigmoid(W^u i + U^u h + b^u), r likewise,
 * h~ = tanh(W^h i + r * U^h h + b^h), h_t = (1 - u) * h_{t-1} + u * h~, from a state of zeros.
 *
 * @param x [batch, L, in]
 * @param attention weights [batch, L] by which the update gate is multiplied (AUGRU): a weight of 0 leaves the state as it was
 * @returns the states after each step, L times [batch, units]
 */
export function gruStates(x: tf.Tensor3D, { input, state, bias }: GruParameters, attention?: tf.Tensor2D): tf.Tensor2D[] {
  const units = state.shape[0];
  const steps = tf.unstack(tf.add(perEvent(x, input), bias), 1) as tf.Tensor2D[]; // L times [batch, 3 * units]
  const weights = attention === undefined ? [] : tf.split(attention, steps.length, 1); // L times [batch, 1]
  const states: tf.Tensor2D[] = [];
  steps.forEach((given, t) => {
    const before = states.at(-1);
    const [ofInput, candidate] = tf.split(given, [2 * units, units], 1) as [tf.Tensor2D, tf.Tensor2D];
    if (before === undefined) {
      const update = attended(tf.sigmoid(tf.slice(ofInput, [0, 0], [-1, units])), weights[t]);
      states.push(tf.mul(update, tf.tanh(candidate))); // U h is zero
      return;
    }
    const [ofState, past] = tf.split(tf.matMul(before, state), [2 * units, units], 1) as [tf.Tensor2D, tf.Tensor2D];
    const [u, r] = tf.split(tf.sigmoid(tf.add(ofInput, ofState)), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const update = attended(u, weights[t]);
    const proposed = tf.tanh(tf.add(candidate, tf.mul(r, past)));
    states.push(tf.add(before, tf.mul(update, tf.sub(proposed, before))));
  });
  return states;
}

/** u~' = a_t * u'_t (equation 11). */
function attended(update: tf.Tensor2D, weight: tf.Tensor | undefined): tf.Tensor2D {
  return weight === undefined ? update : tf.mul(update, weight);
}
