import * as tf from '@tensorflow/tfjs';
import { TraceError } from './errors.js';
import { namedLeaves } from './tree.js';

/** A tensor that a function returned, with its place in the tree. */
export interface ResultLeaf {
  /** Keys from the root, empty for a lone tensor. */
  readonly path: string;
  readonly tensor: tf.Tensor;
}

/** The tensors that a function returned. @throws {@link TraceError} when a leaf is no tensor, or the function is async */
export function resultLeaves(functionName: string, result: unknown): ResultLeaf[] {
  if (result instanceof Promise) {
    throw new TraceError('TRACE_RESULT', 'it returned a promise', {
      where: functionName,
      expected: 'a tree of tensors, at once',
      remedy: 'make the function synchronous and move whatever it awaits out of it',
    });
  }
  const leaves = namedLeaves(result);
  if (leaves.length === 0) {
    throw new TraceError('TRACE_RESULT', 'it returned no tensor', { where: functionName, expected: 'a tree with at least one tensor' });
  }
  return leaves.map(({ path, leaf }) => {
    if (leaf instanceof tf.Tensor) return { path, tensor: leaf };
    throw new TraceError('TRACE_RESULT', `its result${path === '' ? '' : ` at ${path}`} is ${leaf === null ? 'null' : typeof leaf}`, {
      where: functionName,
      expected: 'a tree of tensors',
      remedy: 'wrap numbers in tf.scalar and leave out what is not a tensor',
    });
  });
}
