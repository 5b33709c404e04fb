import { elementBytes, type Node, type Value } from '../graph.js';
import { sizeOf } from '../tensors.js';

/** What a node costs, from its shapes alone. */
export interface NodeCost {
  /** Floating-point operations: two for each multiplication with addition in a product. */
  readonly flops: number;
  /** Bytes that it reads and writes. */
  readonly bytes: number;
}

type Rule = (node: Node) => NodeCost;

const elements = (value: Value): number => sizeOf(value.shape);
const bytesOf = (value: Value): number => elements(value) * elementBytes(value.dtype);
const total = (values: readonly Value[], measure: (value: Value) => number): number =>
  values.reduce((sum, value) => sum + measure(value), 0);

const traffic = (node: Node): number => total(node.inputs, bytesOf) + total(node.outputs, bytesOf);
const written = (node: Node): number => total(node.outputs, elements);

/** Renames axes in place. */
const alias: Rule = () => ({ flops: 0, bytes: 0 });
/** Moves all of its input. */
const move: Rule = (node) => ({ flops: 0, bytes: traffic(node) });
/** Reads as much of its input as it writes. */
const pick: Rule = (node) => ({ flops: 0, bytes: 2 * total(node.outputs, bytesOf) });
const reduction: Rule = (node) => ({ flops: elements(node.inputs[0]!), bytes: traffic(node) });
const elementwise: Rule = (node) => ({ flops: written(node), bytes: traffic(node) });
/** Highest value, difference, exponential, sum, quotient. */
const softmax: Rule = (node) => ({ flops: 5 * written(node), bytes: traffic(node) });

/** A product over the last axis of its left operand, or the one before where that is transposed. */
const product: Rule = (node) => {
  const transposed = node.attributes['transA'];
  const inner = node.inputs[0]!.shape.at(transposed?.kind === 'int' && transposed.value === 1 ? -2 : -1) ?? 1;
  return { flops: 2 * inner * written(node), bytes: traffic(node) };
};

/** Each output element is a product over one filter: [out, in / groups, ...kernel]. */
const convolution: Rule = (node) => ({ flops: 2 * sizeOf(node.inputs[1]!.shape.slice(1)) * written(node), bytes: traffic(node) });

/** Each combination of letters is one multiplication with addition. */
const einsum: Rule = (node) => {
  const equation = node.attributes['equation'];
  const sizes = new Map<string, number>();
  if (equation?.kind === 'string') {
    const terms = equation.value.replaceAll(' ', '').split('->')[0]!.split(',');
    terms.forEach((term, i) => [...term].forEach((letter, axis) => sizes.set(letter, node.inputs[i]!.shape[axis]!)));
  }
  return { flops: 2 * sizeOf([...sizes.values()]), bytes: traffic(node) };
};

const RULES: Readonly<Record<string, Rule>> = {
  MatMul: product,
  FusedMatMul: product,
  Gemm: product,
  MatMulInteger: product,
  MatMulIntegerToFloat: product,
  MatMulNBits: product,
  Conv: convolution,
  ConvTranspose: convolution,
  Einsum: einsum,
  Softmax: softmax,
  LogSoftmax: softmax,
  ...Object.fromEntries(['Reshape', 'Identity', 'Shape'].map((op) => [op, alias])),
  ...Object.fromEntries(['Transpose', 'Concat', 'Split', 'Expand', 'Pad', 'Tile', 'Cast', 'ScatterND', 'Where'].map((op) => [op, move])),
  ...Object.fromEntries(['Slice', 'Gather', 'GatherND', 'GatherElements'].map((op) => [op, pick])),
  ...Object.fromEntries(
    ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ArgMax', 'ArgMin', 'CumSum', 'TopK'].map((op) => [op, reduction]),
  ),
};

/** What a node costs; operators that the table does not name take one operation for each element that they write. */
export function costOf(node: Node): NodeCost {
  return (RULES[node.op] ?? elementwise)(node);
}
