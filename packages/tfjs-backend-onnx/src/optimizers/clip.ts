import * as tf from '@tensorflow/tfjs';
import { flattenTree, unflattenTree, type TensorTree } from '../tree.js';
import type { Optimizer } from './optimizer.js';

/** The Euclidean norm of all leaves taken as one vector; a scalar. */
export function globalNorm(tree: unknown): tf.Scalar {
  const squares = flattenTree(tree).map((leaf) => tf.sum(tf.square(leaf)).asScalar());
  return tf.sqrt(squares.length === 0 ? tf.scalar(0) : squares.reduce((total, square) => tf.add(total, square)));
}

/**
 * Scales all leaves so that their global norm is at most `maxNorm`: the factor is `min(1, maxNorm / (norm + 1e-6))`,
 * as torch.nn.utils.clip_grad_norm_.
 */
export function clipByGlobalNorm(maxNorm: number): Optimizer {
  return {
    init: () => [],
    update<P>(grads: P, state: TensorTree) {
      const factor = tf.minimum(tf.div(maxNorm, tf.add(globalNorm(grads), 1e-6)), 1);
      return {
        updates: unflattenTree(
          grads,
          flattenTree(grads).map((grad) => tf.mul(grad, factor)),
        ),
        state,
      };
    },
  };
}
