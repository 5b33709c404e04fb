import { int, MICROSOFT, producedBy, type Node, type Value } from '../graph.js';
import type { Rule } from './rule.js';

/** The operand of a transpose that exchanges the last two axes and nothing else. */
function untransposed(x: Value): Value | undefined {
  const node = producedBy(x, 'Transpose');
  const perm = node?.attributes['perm'];
  if (node === undefined || perm?.kind !== 'ints') return undefined;
  const rank = perm.value.length;
  const exchanges = perm.value.every((axis, i) => axis === (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return exchanges && rank >= 2 ? node.inputs[0] : undefined;
}

function flag(node: Node, name: string): boolean {
  const attribute = node.attributes[name];
  return attribute?.kind === 'int' && attribute.value === 1;
}

/** Transposes of a matrix product's operands become flags of ONNX Runtime's FusedMatMul, which reads them in place. */
export const foldTransposes: Rule = (node, g) => {
  const fused = node.op === 'FusedMatMul' && node.domain === MICROSOFT;
  if (!fused && node.op !== 'MatMul') return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const [left, right] = [untransposed(a), untransposed(b)];
  if (a.dtype !== 'float32' || (left === undefined && right === undefined)) return undefined;
  const transA = flag(node, 'transA') !== (left !== undefined);
  const transB = flag(node, 'transB') !== (right !== undefined);
  const operands = [left ?? a, right ?? b];
  const type = node.outputs[0]!;
  if (!transA && !transB) return g.op('MatMul', operands, type);
  return g.op('FusedMatMul', operands, type, { transA: int(Number(transA)), transB: int(Number(transB)) }, MICROSOFT);
};
