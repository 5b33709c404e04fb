import { elementsOf, rounded, splatValue, uniformValue } from '../constants.js';
import type { ElementType, Node, Value } from '../graph.js';
import { sizeOf } from '../tensors.js';
import type { Rule } from './rule.js';

/** Operators on numbers whose float32 result, rounded from JavaScript's doubles, is the one that float32 arithmetic gives. */
const EXACT: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
  Equal: (a, b) => Number(a === b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Neg: (a) => -a,
  Abs: Math.abs,
  Sqrt: Math.sqrt,
  Reciprocal: (a) => 1 / a,
  Sign: Math.sign,
  Not: (a) => Number(a === 0),
  Cast: (a) => a,
};

/** Arithmetic on constants whose elements are all equal is done now. */
export const foldUniform: Rule = (node) => {
  const compute = node.domain === '' ? EXACT[node.op] : undefined;
  if (compute === undefined) return undefined;
  const [a, b = 0] = node.inputs.map(uniformValue);
  const result = node.outputs[0]!;
  if (a === undefined || node.inputs.some((input) => uniformValue(input) === undefined)) return undefined;
  // integers wrap and truncate in their own way; floats are all that scalar chains are made of
  if (node.inputs.some(({ dtype }) => dtype !== 'float32') && node.op !== 'Cast') return undefined;
  if (node.op === 'Cast' && !Number.isFinite(a)) return undefined;
  return splatValue(rounded(compute(a, b), result.dtype), result.shape, result.dtype);
};

/** Constants up to this many elements may be written once for each shape they take; larger ones are reshaped by ONNX Runtime when it loads. */
const LARGEST_REPEATED = 1024;

/** A small constant in another shape is a constant. */
export const foldShapes: Rule = (node) => {
  const [x] = node.inputs as [Value];
  const { shape, dtype } = node.outputs[0]!;
  const uniform = x === undefined ? undefined : uniformValue(x);
  if (uniform !== undefined && ['Reshape', 'Expand', 'Transpose', 'Tile'].includes(node.op)) return splatValue(uniform, shape, dtype);
  if (node.op === 'Reshape' && x.origin.kind === 'constant' && sizeOf(shape) <= LARGEST_REPEATED) return { shape, dtype, origin: x.origin };
  return foldConstantCast(node);
};

/** What is stored small stays so in a file. */
const STORED: ReadonlySet<ElementType> = new Set(['int8', 'uint8', 'float16']);

function foldConstantCast(node: Node): Value | undefined {
  if (node.op !== 'Cast' || node.inputs[0]!.origin.kind !== 'constant' || STORED.has(node.inputs[0]!.dtype)) return undefined;
  const { shape, dtype } = node.outputs[0]!;
  const elements = elementsOf(node.inputs[0]!)!;
  if (dtype === 'int64' && elements instanceof Int32Array) {
    return { shape, dtype, origin: { kind: 'constant', data: BigInt64Array.from(elements, BigInt) } };
  }
  if (dtype === 'float32' && !(elements instanceof BigInt64Array)) {
    return { shape, dtype, origin: { kind: 'constant', data: Float32Array.from(elements) } };
  }
  return undefined;
}
