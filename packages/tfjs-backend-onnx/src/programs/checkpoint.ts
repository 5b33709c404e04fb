import * as tf from '@tensorflow/tfjs';
import { TraceError } from '../errors.js';
import { stopGradient } from '../stop-gradient.js';
import { flattenTree, unflattenTree } from '../tree.js';
import { placeOf } from '../user-line.js';
import { barrier } from './barrier.js';

type TapeNode = ReturnType<typeof tf.engine>['state']['activeTape'][number];

/**
 * The same function, whose gradient keeps nothing but its arguments: the backward pass computes `fn` once more, when it gets there
 * (Chen et al. 2016). Costs one more forward pass of `fn`, saves the memory of its intermediate results. Values and gradients are
 * those of `fn`, to the last bit of the forward pass.
 *
 * @param fn takes trees of tensors (other leaves are handed on as they are) and returns one; every tensor that it uses must be among
 *   its arguments or be made inside
 * @returns a function to be called where gradients are taken; elsewhere it is `fn`
 * @throws {@link TraceError} when `fn` uses a tensor from outside, which would have no gradient
 */
export function checkpoint<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const { state } = tf.engine();
    if (state.gradientDepth === 0 || state.kernelDepth > 0) return fn(...args);
    const given = flattenTree<unknown>(args).filter((leaf): leaf is tf.Tensor => leaf instanceof tf.Tensor);
    if (given.length === 0) return fn(...args);
    const saved = given.map((tensor) => tf.clone(tensor));
    const result = onPrivateTape(
      () => fn(...args),
      (tape) => refuseOutsiders(tape, given, saved.at(-1)!.id),
    );
    const outputs = flattenTree(result).map(stopGradient);
    saved.forEach((tensor) => tf.keep(tensor)); // the tape's cleanup disposes of them
    const inputs = Object.fromEntries(given.flatMap((tensor, i) => (tensor.dtype === 'float32' ? [[String(i), tensor]] : [])));
    const gradient = (dys: (tf.Tensor | null | undefined)[]): Record<string, () => tf.Tensor> => {
      const grads = recomputed((tensors) => fn(...withTensors(args, tensors)), saved, dys);
      return Object.fromEntries(Object.keys(inputs).map((key) => [key, () => grads[Number(key)]!]));
    };
    state.activeTape.push({ id: state.nextTapeNodeId++, kernelName: 'checkpoint', inputs, outputs, saved, gradient });
    return unflattenTree(result, outputs);
  };
}

/** Gradients by place of argument: `fn` again on its saved arguments, behind the gradients of its results. */
function recomputed(
  fn: (tensors: readonly tf.Tensor[]) => unknown,
  saved: readonly tf.Tensor[],
  dys: readonly (tf.Tensor | null | undefined)[],
): (tf.Tensor | undefined)[] {
  const engine = tf.engine();
  const known = dys.filter((dy) => dy !== null && dy !== undefined);
  // where this gradient is differentiated itself, its arguments must stay connected to their origin
  const again = engine.state.gradientDepth > 0 ? saved : barrier(saved, known);
  const floats = again.filter(({ dtype }) => dtype === 'float32');
  const outer = engine.state.activeTape;
  const { grads } = engine.gradients(() => along(flattenTree(fn(again)), dys), floats, undefined, true);
  engine.state.activeTape = outer; // which ends with the inner tape otherwise
  let next = 0;
  return again.map((tensor) => {
    if (tensor.dtype !== 'float32') return undefined;
    return (grads as (tf.Tensor | undefined)[])[next++] ?? tf.zerosLike(tensor);
  });
}

/** The same tree with other tensors; what is no tensor stays. */
function withTensors<A>(tree: A, tensors: readonly tf.Tensor[]): A {
  let next = 0;
  const leaves = flattenTree<unknown>(tree).map((leaf) => (leaf instanceof tf.Tensor ? tensors[next++] : leaf));
  return unflattenTree(tree, leaves);
}

/** A scalar whose gradient to each result is its `dy`: sum of result * dy. */
function along(results: readonly tf.Tensor[], dys: readonly (tf.Tensor | null | undefined)[]): tf.Scalar {
  const terms = results.flatMap((result, i) => {
    const dy = dys[i];
    return dy === null || dy === undefined ? [] : [tf.sum(tf.mul(result, dy))];
  });
  return tf.addN(terms).asScalar();
}

/** Runs `work` while tfjs records on another tape, which is dropped. */
function onPrivateTape<R>(work: () => R, inspect: (tape: readonly TapeNode[]) => void): R {
  const { state } = tf.engine();
  const outer = state.activeTape;
  const own: TapeNode[] = [];
  state.activeTape = own;
  try {
    const result = work();
    inspect(own);
    return result;
  } finally {
    state.activeTape = outer;
    for (const { saved } of own) saved?.forEach((tensor) => tensor.dispose());
  }
}

/** @param last id of the last tensor that was made before the function was called */
function refuseOutsiders(tape: readonly TapeNode[], given: readonly tf.Tensor[], last: number): void {
  const known = new Set(given.map(({ id }) => id));
  for (const { kernelName, inputs } of tape) {
    for (const { id, dtype, shape } of Object.values(inputs)) {
      if (id > last || known.has(id)) continue;
      throw new TraceError(
        'TRACE_CAPTURED_TENSOR',
        `${kernelName.replace(/__op$/, '')} uses a tensor (${dtype}[${shape.join(',')}]) from outside`,
        {
          where: placeOf('checkpoint', new Error()),
          expected: 'tensors that are arguments or made inside',
          remedy: 'pass it as an argument: the backward pass computes the function again, and gradients flow to arguments only',
        },
      );
    }
  }
}
