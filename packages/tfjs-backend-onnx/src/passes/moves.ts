import { integersOf } from '../constants.js';
import { producedBy, producerOf, sameShape, type Node, type Value } from '../graph.js';
import type { Rule } from './rule.js';

function permutationOf(node: Node): readonly number[] {
  const perm = node.attributes['perm'];
  return perm?.kind === 'ints' ? perm.value : [];
}

/** Whether a reshape's sizes are computed: it is there for its place in the order (programs/barrier.ts). */
function isBarrier(node: Node): boolean {
  return node.op === 'Reshape' && producerOf(node.inputs[1]!) !== undefined;
}

/** Types whose every value the other type holds, so that a cast in between loses nothing. */
function widens(from: string, to: string): boolean {
  return (
    from === 'bool' || from === to || (from === 'int32' && (to === 'int64' || to === 'float64')) || (from === 'float32' && to === 'float64')
  );
}

/** Operators that give back their input. */
export const removeIdentities: Rule = (node) => {
  const [x] = node.inputs;
  const [result] = node.outputs;
  if (x === undefined || result === undefined || x.dtype !== result.dtype || !sameShape(x.shape, result.shape)) return undefined;
  switch (node.op) {
    case 'Identity':
    case 'Cast':
    case 'Expand':
    case 'Tile':
      return x;
    case 'Reshape':
      return isBarrier(node) ? undefined : x;
    case 'Concat':
      return node.inputs.length === 1 ? x : undefined;
    case 'Transpose':
      return permutationOf(node).every((axis, i) => axis === i) ? x : undefined;
    case 'Slice':
      // the shape is unchanged, so only a reversal can still move elements
      return integersOf(node.inputs[4]).every((step) => step === 1) ? x : undefined;
    default:
      return undefined;
  }
};

/** A reshape of a reshape, a cast of a cast, a transpose of a transpose, and a double negation are one step or none. */
export const mergeMoves: Rule = (node, g) => {
  const [x] = node.inputs;
  const [result] = node.outputs;
  if (x === undefined || result === undefined) return undefined;
  const inner = producedBy(x, node.op);
  const source = inner?.inputs[0];
  if (inner === undefined || source === undefined || isBarrier(node) || isBarrier(inner)) return undefined;
  switch (node.op) {
    case 'Reshape':
      return g.reshape(source, result.shape);
    case 'Cast':
      return widens(source.dtype, x.dtype) ? g.cast(source, result.dtype) : undefined;
    case 'Expand':
      return g.expand(source, result.shape);
    case 'Transpose': {
      const innerPermutation = permutationOf(inner);
      return g.transpose(
        source,
        permutationOf(node).map((axis) => innerPermutation[axis]!),
      );
    }
    case 'Neg':
    case 'Not':
      return source;
    default:
      return undefined;
  }
};

/** A transpose that moves only axes of size 1 moves no element. */
export const transposeToReshape: Rule = (node, g) => {
  if (node.op !== 'Transpose') return undefined;
  const [x] = node.inputs as [Value];
  const moved = permutationOf(node).filter((axis) => x.shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]!) ? g.reshape(x, node.outputs[0]!.shape) : undefined;
};
