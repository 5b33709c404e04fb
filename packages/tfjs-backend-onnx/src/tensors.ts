/**
 * Element types that cross the border of a compiled function. `bool` is one byte an element, 0 or 1. The last three hold weights that
 * are stored small: a function takes them, but only `tf.cast` and `frozenMatMul` know what to do with them.
 */
export type DType = 'float32' | 'int32' | 'bool' | 'int8' | 'uint8' | 'float16';

/** The values of a tensor in JavaScript memory, row major; bool as `Uint8Array`, float16 as its bits in a `Uint16Array`. */
export type HostArray = Float32Array | Int32Array | Uint8Array | Int8Array | Uint16Array;

/** A tensor in JavaScript memory. */
export interface HostTensor {
  /** Row-major values; their count is the product of `shape`. */
  readonly data: HostArray;
  /** Sizes by axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Element type; fixes the class of `data`. */
  readonly dtype: DType;
}

/** Shape and element type of an input of a compiled function. */
export interface TensorSpec<S extends readonly number[] = readonly number[]> {
  /** Sizes by axis, all known: a trace is static. */
  readonly shape: S;
  /** Element type. */
  readonly dtype: DType;
  /** Whether the array given is always the same and never changes, so that a device may keep what it was once given. Default false. */
  readonly resident?: boolean;
  /** The axis whose size each run decides, see {@link dynamicSpec}. Default: none. */
  readonly dynamicAxis?: number | undefined;
}

/**
 * A leaf of a spec tree that is known now and never changes: it is stored in the graph (where ONNX Runtime packs it once)
 * and `run` does not take it.
 */
export interface ConstantSpec<S extends readonly number[] = readonly number[]> extends TensorSpec<S> {
  /** The values. They are read at compile time and must not change before `compile` has resolved. */
  readonly constant: HostTensor;
}

/** The array class that holds each element type. */
const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  float16: Uint16Array,
} as const;

/** An input of the given shape. @param dtype element type, float32 unless given */
export function spec<const S extends readonly number[]>(shape: S, dtype: DType = 'float32'): TensorSpec<S> {
  return { shape, dtype };
}

/** How long a dynamic axis is in a trace: a prime, far from sizes of models, by which what depends on it is known. */
export const DYNAMIC_SIZE = 32_749;

/**
 * An input one of whose axes, `null` in the shape, is as long as each run wants it: the same length for all such inputs of a function. The
 * function must not depend on that length but in operations that take any; its results are those that it gives when it is
 * compiled for the length at hand.
 */
export function dynamicSpec(shape: readonly (number | null)[], dtype: DType = 'float32'): TensorSpec {
  return { shape: shape.map((size) => size ?? DYNAMIC_SIZE), dtype, dynamicAxis: shape.indexOf(null) };
}

/** The shape of `length` values for a spec; null where it has none with so many. */
export function shapeOf({ shape, dynamicAxis }: TensorSpec, length: number): readonly number[] | null {
  if (dynamicAxis === undefined) return sizeOf(shape) === length ? shape : null;
  const size = length / sizeOf(shape.toSpliced(dynamicAxis, 1));
  return Number.isInteger(size) && size > 0 ? shape.with(dynamicAxis, size) : null;
}

/** A constant leaf of a spec tree; see {@link ConstantSpec}. */
export function constant(host: HostTensor): ConstantSpec {
  return { shape: host.shape, dtype: host.dtype, constant: host };
}

/** The spec that describes a host tensor. */
export function specOf(host: HostTensor): TensorSpec {
  return { shape: host.shape, dtype: host.dtype };
}

/**
 * The spec of weights that nothing changes: where functions compute on a GPU, the array is copied there at its first run and stays, for
 * all functions that take it. On the processor it is {@link specOf}.
 */
export function residentSpecOf(host: HostTensor): TensorSpec {
  return { ...specOf(host), resident: true };
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** Whether `array` has the class that holds `dtype`. */
export function holds(array: unknown, dtype: DType): array is HostArray {
  return array instanceof ARRAYS[dtype];
}

/** The name of the class that holds `dtype`, for messages. */
export function arrayNameOf(dtype: DType): string {
  return ARRAYS[dtype].name;
}

/** Whether a value is a leaf of a spec tree. */
export function isSpec(value: unknown): value is TensorSpec | ConstantSpec {
  return (
    typeof value === 'object' &&
    value !== null &&
    Array.isArray((value as TensorSpec).shape) &&
    typeof (value as TensorSpec).dtype === 'string'
  );
}

/** Whether a spec leaf is a constant. */
export function isConstant(leaf: TensorSpec): leaf is ConstantSpec {
  return 'constant' in leaf;
}

/** Whether a value is a host tensor (a spec with data). */
export function isHostTensor(value: unknown): value is HostTensor {
  return isSpec(value) && ArrayBuffer.isView((value as unknown as HostTensor).data);
}

/** `float32[2,3]`, with `n` for a dynamic axis, for messages. */
export function describeSpec({ shape, dtype, dynamicAxis }: Omit<TensorSpec, 'dtype'> & { readonly dtype: string }): string {
  return `${dtype}[${shape.map((size, axis) => (axis === dynamicAxis ? 'n' : size)).join(',')}]`;
}
