import { checkOptions, type OptionKeys } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { flattenTree, mapTensors, unflattenTree, type TensorTree } from '../tree.js';
import { chain } from './chain.js';
import { scaleByLearningRate, stateless, type Optimizer } from './optimizer.js';

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Step size. */
  readonly learningRate: number;
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
}

/** Options of {@link adamw}. */
export interface AdamWOptions extends AdamOptions {
  /** Decoupled weight decay, multiplied by the learning rate. Default 0.01. */
  readonly weightDecay?: number;
}

const SCALE_OPTIONS: OptionKeys<Omit<AdamOptions, 'learningRate'>> = { beta1: true, beta2: true, epsilon: true };
const ADAM_OPTIONS: OptionKeys<AdamOptions> = { ...SCALE_OPTIONS, learningRate: true };
const ADAMW_OPTIONS: OptionKeys<AdamWOptions> = { ...ADAM_OPTIONS, weightDecay: true };

/** Adam (Kingma and Ba 2015, algorithm 1), bias corrected, as torch.optim.Adam. */
export function adam(parameters: AdamOptions): Optimizer {
  checkOptions('adam', parameters, ADAM_OPTIONS);
  const { learningRate, ...options } = parameters;
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as torch.optim.AdamW. */
export function adamw(parameters: AdamWOptions): Optimizer {
  checkOptions('adamw', parameters, ADAMW_OPTIONS);
  const { learningRate, weightDecay = 0.01, ...options } = parameters;
  return chain(scaleByAdam(options), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}

/** The direction of Adam without its step size. State: `{ count: scalar, first: params, second: params }`. */
export function scaleByAdam(parameters: Omit<AdamOptions, 'learningRate'> = {}): Optimizer {
  checkOptions('scaleByAdam', parameters, SCALE_OPTIONS);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = parameters;
  type State = { count: tf.Scalar; first: TensorTree; second: TensorTree };
  return {
    init: (params) => ({
      count: tf.scalar(0),
      first: mapTensors(tf.zerosLike, params),
      second: mapTensors(tf.zerosLike, params),
    }),
    update<P>(grads: P, state: TensorTree) {
      const { count: previous, first, second } = state as State;
      const count = tf.add<tf.Scalar>(previous, 1);
      const nextFirst = mapTensors((m, grad) => tf.add(tf.mul(m, beta1), tf.mul(grad, 1 - beta1)), first, grads);
      const nextSecond = mapTensors((v, grad) => tf.add(tf.mul(v, beta2), tf.mul(tf.square(grad), 1 - beta2)), second, grads);
      const step = tf.div(1, biasCorrection(beta1, count));
      const root = tf.sqrt(biasCorrection(beta2, count));
      const updates = mapTensors((m, v) => tf.div(tf.mul(m, step), tf.add(tf.div(tf.sqrt(v), root), epsilon)), nextFirst, nextSecond);
      return { updates: unflattenTree(grads, flattenTree(updates)), state: { count, first: nextFirst, second: nextSecond } };
    },
  };
}

/** `1 - beta^count`. The power itself would lose five digits in float32 at beta = 0.999 and count = 1. */
function biasCorrection(beta: number, count: tf.Scalar): tf.Scalar {
  return tf.neg(tf.expm1(tf.mul(count, Math.log(beta))));
}

/** Adds `weightDecay * param` to the direction; before the learning rate this is AdamW's decoupled decay. */
export function addDecayedWeights(weightDecay: number): Optimizer {
  return stateless((grad, param) => (weightDecay === 0 ? grad : tf.add(grad, tf.mul(param, weightDecay))));
}
