import { uniformValue } from '../constants.js';
import type { Value } from '../graph.js';
import type { Rule } from './rule.js';

/** Operations that change nothing: `x * 1`, `x / 1`, `x + 0`, `x - 0`, `x ^ 1`; and `x ^ 2`, which is a product. */
export const dropNeutral: Rule = (node, g) => {
  const [a, b] = node.inputs as [Value, Value | undefined];
  if (a === undefined || b === undefined || node.domain !== '') return undefined;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  const result = node.outputs[0]!;
  const kept = (x: Value): Value => g.expand(x, result.shape);
  switch (node.op) {
    case 'Mul':
      return right === 1 ? kept(a) : left === 1 ? kept(b) : undefined;
    case 'Add':
      return right === 0 ? kept(a) : left === 0 ? kept(b) : undefined;
    case 'Sub':
      return right === 0 ? kept(a) : undefined;
    case 'Div':
      return right === 1 ? kept(a) : undefined;
    case 'Pow':
      if (right === 1) return kept(a);
      return right === 2 ? kept(g.binary('Mul', a, a)) : undefined;
    default:
      return undefined;
  }
};

/** A choice whose condition is known is one of its branches. */
export const chooseNow: Rule = (node, g) => {
  if (node.op !== 'Where') return undefined;
  const [condition, yes, no] = node.inputs as [Value, Value, Value];
  const known = uniformValue(condition);
  return known === undefined ? undefined : g.expand(known === 0 ? no : yes, node.outputs[0]!.shape);
};
