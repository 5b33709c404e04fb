import { broadcastShape, type GraphBuilder } from '../builder.js';
import { int, MICROSOFT, producedBy, sameShape, type Node, type Value } from '../graph.js';
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

/** Whether an attribute that is 0 or 1 is 1. */
export function flag(node: Node, name: string): boolean {
  const attribute = node.attributes[name];
  return attribute?.kind === 'int' && attribute.value === 1;
}

/** From this many rows, columns and sums on, a product of a transposed left operand takes longer than a transpose and a plain product. */
const LEAST_TO_TRANSPOSE = 64;

/** Whether a product with a left operand [sums, rows] is one of those. */
function isLarge(left: Value, columns: number): boolean {
  return left.shape.length === 2 && Math.min(...left.shape, columns) >= LEAST_TO_TRANSPOSE;
}

/** Transposes of a matrix product's operands become flags of ONNX Runtime's FusedMatMul, which reads them in place. */
export const foldTransposes: Rule = (node, g) => {
  const fused = node.op === 'FusedMatMul' && node.domain === MICROSOFT;
  if (!fused && node.op !== 'MatMul') return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const type = node.outputs[0]!;
  const isTransposed = flag(node, 'transA');
  const left = isTransposed || !isLarge(a, type.shape.at(-1)!) ? untransposed(a) : undefined;
  const right = untransposed(b);
  if (a.dtype !== 'float32' || (left === undefined && right === undefined)) return undefined;
  return product(g, type, [left ?? a, right ?? b], isTransposed !== (left !== undefined), flag(node, 'transB') !== (right !== undefined));
};

/**
 * ONNX Runtime's product reads a transposed left operand by strides each time that it packs a part of it, and a transpose before it costs
 * less than that (2,048 x 400 by 2,048 x 400, a layer's weight gradient: 10.2 to 7.4 ms).
 */
export const transposeLargeLeft: Rule = (node, g) => {
  if (node.op !== 'FusedMatMul' || node.domain !== MICROSOFT || !flag(node, 'transA')) return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const type = node.outputs[0]!;
  if (!isLarge(a, type.shape.at(-1)!)) return undefined;
  return product(g, type, [g.transpose(a, [1, 0]), b], false, flag(node, 'transB'));
};

/** What a product's operand was before its batch axes were broadcast; itself where its rows or columns were. */
function unbroadcast(x: Value): Value {
  const before = producedBy(x, 'Expand')?.inputs[0];
  const isSameMatrix = before !== undefined && before.shape.length >= 2 && sameShape(before.shape.slice(-2), x.shape.slice(-2));
  return isSameMatrix ? before : x;
}

/** A product broadcasts the batch axes of its operands by itself. */
export const absorbBatchExpand: Rule = (node, g) => {
  if (node.op !== 'MatMul' && !(node.op === 'FusedMatMul' && node.domain === MICROSOFT)) return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const [left, right] = [unbroadcast(a), unbroadcast(b)];
  if (left === a && right === b) return undefined;
  const type = node.outputs[0]!;
  if (!sameShape(broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2)), type.shape.slice(0, -2))) return undefined;
  return product(g, type, [left, right], flag(node, 'transA'), flag(node, 'transB'));
};

function product(g: GraphBuilder, type: Value, operands: readonly Value[], transA: boolean, transB: boolean): Value {
  if (!transA && !transB) return g.op('MatMul', operands, type);
  return g.op('FusedMatMul', operands, type, { transA: int(Number(transA)), transB: int(Number(transB)) }, MICROSOFT);
}
