import { integersOf, uniformValue } from '../constants.js';
import { float, int, producedBy, type Value } from '../graph.js';
import type { Rule } from './rule.js';

/** What an operator of that name was given to make x; nothing where another made it. */
function operands(x: Value | undefined, op: string): readonly Value[] {
  return x === undefined ? [] : (producedBy(x, op)?.inputs ?? []);
}

/** Both orders of two operands. */
function bothOrders([a, b]: readonly Value[]): readonly (readonly [Value, Value])[] {
  return a === undefined || b === undefined ? [] : [[a, b] as const, [b, a] as const];
}

/** Whether x is the mean of `of`'s squares over the last axis, which is kept. */
function isMeanSquare(x: Value, of: Value): boolean {
  const [square, axes] = operands(x, 'ReduceMean');
  const last = of.shape.length - 1;
  if (square === undefined || x.shape.length !== of.shape.length || x.shape[last] !== 1) return false;
  const [a, b] = operands(square, 'Mul');
  return a === of && b === of && integersOf(axes).join() === String(last);
}

/** The epsilon of `1 / sqrt(mean(x^2) + epsilon)`; undefined where `scale` is something else. */
function epsilonOf(scale: Value, x: Value): number | undefined {
  const [root] = operands(scale, 'Reciprocal');
  const [sum] = operands(root, 'Sqrt');
  for (const [mean, epsilon] of bothOrders(operands(sum, 'Add'))) {
    if (uniformValue(epsilon) !== undefined && isMeanSquare(mean, x)) return uniformValue(epsilon);
  }
  return undefined;
}

/**
 * Root mean square normalization with a weight, `x / sqrt(mean(x^2) + epsilon) * weight`, is one operator of ONNX Runtime. Where a
 * gradient needs the scale of a row as well, that is computed beside it: a number for each row, and no second tensor of x's size.
 */
export const fuseRmsNorm: Rule = (node, g) => {
  const result = node.outputs[0]!;
  if (node.op !== 'Mul' || result.dtype !== 'float32') return undefined;
  for (const [normed, weight] of bothOrders(node.inputs)) {
    if (weight.shape.length !== 1 || weight.shape[0] !== result.shape.at(-1)) continue;
    for (const [x, scale] of bothOrders(operands(normed, 'Mul'))) {
      const epsilon = epsilonOf(scale, x);
      if (epsilon === undefined) continue;
      return g.op('SimplifiedLayerNormalization', [x, weight], result, { axis: int(-1), epsilon: float(epsilon), stash_type: int(1) });
    }
  }
  return undefined;
};
