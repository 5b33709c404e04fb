import * as tf from '@tensorflow/tfjs';
import { flattenTree, unflattenTree, mapTensors, type TensorTree } from '../tree.js';

/** What an update may need besides gradients. */
export interface UpdateContext {
  /** Learning rate of this step, a scalar tensor; it takes the place of the optimizer's own. */
  readonly learningRate?: tf.Scalar;
}

/** The result of an update. */
export interface Update<P> {
  /** What to add to the parameters. */
  readonly updates: P;
  /** The next state. */
  readonly state: TensorTree;
}

/**
 * A pure gradient transformation, after optax (`GradientTransformation`): state in, state out, nothing kept.
 * It works on tensors only, so it is traced into the graph of a training step.
 */
export interface Optimizer {
  /** The state before the first step, shaped after the parameters. */
  init(params: unknown): TensorTree;
  /** Turns gradients (or another part's updates) into updates. */
  update<P>(grads: P, state: TensorTree, params: P, context?: UpdateContext): Update<P>;
}

/** `params + updates`, leaf by leaf. */
export function applyUpdates<P>(params: P, updates: P): P {
  return combine((param, update) => tf.add(param, update), params, updates);
}

/** A part without state that changes each leaf on its own. */
export function stateless(change: (grad: tf.Tensor, param: tf.Tensor, context: UpdateContext) => tf.Tensor): Optimizer {
  return {
    init: () => [],
    update: <P>(grads: P, state: TensorTree, params: P, context: UpdateContext = {}) => ({
      updates: combine((grad, param) => change(grad, param, context), grads, params),
      state,
    }),
  };
}

/** Multiplies by minus the learning rate: the last part of a descent. @param learningRate used where the context gives none */
export function scaleByLearningRate(learningRate: number): Optimizer {
  return stateless((grad, _, context) => tf.neg(tf.mul(grad, context.learningRate ?? learningRate)));
}

/** Leaf by leaf of two trees of one structure, keeping the first one's type. */
export function combine<P>(change: (first: tf.Tensor, second: tf.Tensor) => tf.Tensor, first: P, second: unknown): P {
  return unflattenTree(first, flattenTree(mapTensors((a, b) => change(a, b), first, second)));
}
