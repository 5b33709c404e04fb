import type { HostFrozenMatrix, HostTensor } from '@expctr/tfjs-backend-onnx';

/** A float32 tensor in host memory, row-major: what weights are once they are read, whatever type they were stored in. */
export interface FloatTensor extends HostTensor {
  /** As many values as the product of `shape`. */
  readonly data: Float32Array;
  /** Always float32: reduced and quantized types are expanded while they are read. */
  readonly dtype: 'float32';
}

/** A weight as it is kept: as it is, or, for a matrix, small. */
export type StoredTensor = FloatTensor | HostFrozenMatrix;

/** Number of values in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The first value that is NaN or infinite, as text, or null where all are finite. */
export function strangeValue({ data }: FloatTensor): string | null {
  let zero = 0; // 0 times what is not finite is NaN, and stays it: a quick look at all, for a model has hundreds of millions
  for (let i = 0; i < data.length; i += 1) zero += data[i]! * 0;
  return zero === 0 ? null : String(data.find((value) => !Number.isFinite(value)));
}

/** `true` where the shapes are the same, axis by axis. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
