import { splatValue, uniformValue } from '../constants.js';
import { producedBy, sameShape, type Value } from '../graph.js';
import { broadcastShape } from '../builder.js';
import { ELEMENTWISE, type Rule } from './rule.js';

/** What a value was before it was broadcast: the operand of its Expand, or one number for a constant of equal elements. */
function unexpanded(x: Value): Value {
  const uniform = uniformValue(x);
  if (uniform !== undefined) return x.shape.length === 0 ? x : splatValue(uniform, [], x.dtype);
  const expand = producedBy(x, 'Expand');
  return expand === undefined ? x : expand.inputs[0]!;
}

/**
 * An elementwise operator broadcasts by itself, so its operands need not be; and where all of them were broadcast, the work is done
 * on the small tensors first. Most gradients of reductions are of this kind.
 */
export const absorbExpand: Rule = (node, g) => {
  if (!ELEMENTWISE.has(node.op) || node.domain !== '') return undefined;
  const operands = node.inputs.map(unexpanded);
  if (operands.every((operand, i) => operand === node.inputs[i])) return undefined;
  const { shape, dtype } = node.outputs[0]!;
  const small = operands.map((operand) => operand.shape).reduce(broadcastShape);
  // nothing is gained where only a scalar's shape would change
  const computed = g.op(node.op, operands, { shape: small, dtype }, node.attributes);
  return sameShape(small, shape) ? computed : g.expand(computed, shape);
};
