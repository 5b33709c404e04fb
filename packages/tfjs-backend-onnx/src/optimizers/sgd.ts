import { checkOptions, type OptionKeys } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { mapTensors, type TensorTree } from '../tree.js';
import { chain } from './chain.js';
import { combine, scaleByLearningRate, type Optimizer } from './optimizer.js';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Step size. */
  readonly learningRate: number;
  /** Share of the previous direction that is kept; 0 (default) keeps no state. */
  readonly momentum?: number;
  /** Nesterov's look-ahead. Default false. */
  readonly nesterov?: boolean;
}

const SGD_OPTIONS: OptionKeys<SgdOptions> = { learningRate: true, momentum: true, nesterov: true };

/** Stochastic gradient descent as in torch.optim.SGD: `buffer = momentum * buffer + grad; param -= lr * buffer`. */
export function sgd(parameters: SgdOptions): Optimizer {
  checkOptions('sgd', parameters, SGD_OPTIONS);
  const { learningRate, momentum = 0, nesterov = false } = parameters;
  const descent = scaleByLearningRate(learningRate);
  return momentum === 0 ? descent : chain(accumulate(momentum, nesterov), descent);
}

/** Momentum as a part of its own: the state holds the accumulated direction. */
export function accumulate(momentum: number, nesterov: boolean): Optimizer {
  return {
    init: (params) => mapTensors(tf.zerosLike, params),
    update<P>(grads: P, state: TensorTree) {
      const buffers = combine((grad, buffer) => tf.add(tf.mul(buffer, momentum), grad), grads, state);
      const updates = nesterov ? combine((grad, buffer) => tf.add(grad, tf.mul(buffer, momentum)), grads, buffers) : buffers;
      return { updates, state: buffers as TensorTree };
    },
  };
}
