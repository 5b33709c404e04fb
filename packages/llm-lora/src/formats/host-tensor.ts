/** A tensor in host memory, row-major; structurally the engine's `HostTensor`. */
export interface StoredTensor {
  /** As many values as the product of `shape`; `bool` is one byte a value. */
  readonly data: Float32Array | Int32Array | Uint8Array;
  /** Sizes of the axes, slowest first. */
  readonly shape: readonly number[];
  /** Type of the values. */
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** A float32 tensor in host memory: what weights are once they are read, whatever type they were stored in. */
export interface FloatTensor extends StoredTensor {
  /** As many values as the product of `shape`. */
  readonly data: Float32Array;
  /** Always float32: reduced and quantized types are expanded while they are read. */
  readonly dtype: 'float32';
}

/** Number of values in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `true` where the shapes are the same, axis by axis. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
