import { equalBytes } from '@expctr/core/platform';
import type { ConstantArray, ElementType, Value } from './graph.js';
import { sizeOf } from './tensors.js';

/** The array class that holds each element type. */
export const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  float16: Uint16Array,
} as const;

/** Types with which constants of equal elements are computed; the others are only moved and converted. */
const COMPUTED: ReadonlySet<ElementType> = new Set(['float32', 'int32', 'bool']);

/** A constant; all-equal contents are kept as one number. `data` is not copied. */
export function constantValue(data: ConstantArray, shape: readonly number[], dtype: ElementType): Value {
  const first = data[0];
  if (first !== undefined && COMPUTED.has(dtype) && isUniform(data)) return splatValue(Number(first), shape, dtype);
  return { shape, dtype, origin: { kind: 'constant', data } };
}

/** A constant whose elements all equal `value`. */
export function splatValue(value: number, shape: readonly number[], dtype: ElementType): Value {
  return { shape, dtype, origin: { kind: 'splat', value: rounded(value, dtype) } };
}

/** A one-dimensional int64 constant, as ONNX wants for axes and shapes. */
export function int64s(values: readonly number[]): Value {
  return { shape: [values.length], dtype: 'int64', origin: { kind: 'constant', data: BigInt64Array.from(values, BigInt) } };
}

/** 0, 1, ..., size - 1 as int32. */
export function rangeValue(size: number): Value {
  return constantValue(
    Int32Array.from({ length: size }, (_, i) => i),
    [size],
    'int32',
  );
}

/** The number that every element of a constant equals, if there is one. */
export function uniformValue(value: Value): number | undefined {
  return value.origin.kind === 'splat' ? value.origin.value : undefined;
}

/** The numbers of an int64 constant. @throws TypeError when it is none: passes ask only about what lowerings wrote */
export function integersOf(value: Value | undefined): number[] {
  if (value?.origin.kind !== 'constant') throw new TypeError('not a constant list of integers');
  return Array.from(value.origin.data as BigInt64Array, Number);
}

/** The elements of a constant, spelled out. */
export function elementsOf(value: Value): ConstantArray | undefined {
  const { origin, dtype, shape } = value;
  if (origin.kind === 'constant') return origin.data;
  if (origin.kind !== 'splat') return undefined;
  if (dtype === 'int64') return new BigInt64Array(sizeOf(shape)).fill(BigInt(origin.value));
  return new ARRAYS[dtype](sizeOf(shape)).fill(origin.value);
}

/** A number as an element type holds it. */
export function rounded(value: number, dtype: ElementType): number {
  if (dtype === 'float32') return Math.fround(value);
  if (dtype === 'float64') return value;
  return dtype === 'bool' ? Number(value !== 0) : Math.trunc(value);
}

/** Bytes of a constant's elements. */
export function bytesOf(data: ConstantArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether all elements have the same bits: whether the array equals itself moved by one element, which is one memory comparison. */
function isUniform(data: ConstantArray): boolean {
  const bytes = bytesOf(data);
  const width = data.BYTES_PER_ELEMENT;
  return equalBytes(bytes.subarray(width), bytes.subarray(0, -width));
}
