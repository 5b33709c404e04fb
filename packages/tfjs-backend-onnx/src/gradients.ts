import * as tf from '@tensorflow/tfjs';
import { TraceError } from './errors.js';
import { flattenTree, namedLeaves, unflattenTree } from './tree.js';

/** A loss and its gradients, shaped as the parameters. */
export interface ValueAndGrads<P> {
  /** The loss, a scalar. */
  readonly value: tf.Scalar;
  /** d loss / d parameter for each leaf; zeros where the loss does not depend on it. */
  readonly grads: P;
}

/** As {@link ValueAndGrads} with what else the function returned. */
export interface ValueAndGradsWithAux<P, X> extends ValueAndGrads<P> {
  /** The tree that the function returned beside the loss; no gradient flows through it. */
  readonly aux: X;
}

/**
 * The value and the gradients of a scalar function of a parameter tree: `tf.valueAndGrads` for trees.
 * @param fn takes the parameters first and returns a scalar; further arguments are passed on and not differentiated
 * @throws {@link TraceError} when a leaf of the parameters is not float32
 */
export function valueAndGrad<P, A extends readonly unknown[]>(
  fn: (params: P, ...rest: A) => tf.Tensor,
): (params: P, ...rest: A) => ValueAndGrads<P> {
  const withAux = valueAndGradWithAux<P, A, []>((params, ...rest) => ({ loss: fn(params, ...rest), aux: [] }));
  return (params, ...rest) => {
    const { value, grads } = withAux(params, ...rest);
    return { value, grads };
  };
}

/** As {@link valueAndGrad} for a function that returns `{ loss, aux }`. */
export function valueAndGradWithAux<P, A extends readonly unknown[], X>(
  fn: (params: P, ...rest: A) => { readonly loss: tf.Tensor; readonly aux: X },
): (params: P, ...rest: A) => ValueAndGradsWithAux<P, X> {
  return (params, ...rest) => {
    refuseIntegers(params);
    const leaves = flattenTree(params);
    let kept: { readonly structure: X; readonly leaves: tf.Tensor[] } | undefined;
    const { value, grads } = differentiate(() => {
      const { loss, aux } = fn(params, ...rest);
      // the forward pass runs in a tidy of its own, which would dispose of everything but the loss
      kept = { structure: aux, leaves: flattenTree(aux).map((leaf) => tf.keep(leaf.clone())) };
      return loss;
    }, leaves);
    const aux = unflattenTree(kept!.structure, kept!.leaves.map(released));
    return { value, grads: unflattenTree(params, grads), aux };
  };
}

function differentiate(loss: () => tf.Tensor, leaves: tf.Tensor[]): { value: tf.Scalar; grads: tf.Tensor[] } {
  // `tf.valueAndGrads` refuses parameters that the loss does not reach; for a tree, zeros are what an optimizer wants
  const { value, grads } = tf.engine().gradients(() => loss().asScalar(), leaves, undefined, true);
  return { value, grads: leaves.map((leaf, i) => (grads as (tf.Tensor | null | undefined)[])[i] ?? tf.zerosLike(leaf)) };
}

function released(leaf: tf.Tensor): tf.Tensor {
  const tracked = leaf.clone();
  leaf.dispose();
  return tracked;
}

function refuseIntegers(params: unknown): void {
  for (const { path, leaf } of namedLeaves(params)) {
    if (!(leaf instanceof tf.Tensor) || leaf.dtype !== 'float32') {
      throw new TraceError('TRACE_UNSUPPORTED_DTYPE', `the parameter ${path} is ${leaf instanceof tf.Tensor ? leaf.dtype : typeof leaf}`, {
        where: 'valueAndGrad',
        expected: 'float32 tensors as parameters',
        remedy: 'pass what is not trained as a later argument',
      });
    }
  }
}
