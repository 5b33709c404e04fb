import * as tf from '@tensorflow/tfjs';
import { createRng } from '@expctr/core';
import type { HostTensor } from '../../src/index.js';

/** One program that runs a kernel. */
export interface KernelCase {
  readonly inputs: readonly HostTensor[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];
  /** Results by hand, for kernels that tfjs's cpu backend lacks. */
  readonly expected?: readonly (readonly number[])[];
  /** Why tfjs itself has no gradient here. */
  readonly noGradient?: string;
  /** Largest error, relative to the largest magnitude of the result. */
  readonly tolerance?: number;
}

/** Runs a kernel directly, for those that no operation reaches without a gradient or at all. */
export function kernel(name: string, inputs: Record<string, tf.Tensor> | tf.Tensor[], attributes: object = {}): tf.Tensor {
  return tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
}

/** Floats in [low, high) from a fixed stream. */
export function floats(shape: readonly number[], low = -2, high = 2): HostTensor {
  const rng = createRng(`${shape.join('x')}:${low}:${high}`);
  return { data: Float32Array.from({ length: size(shape) }, () => low + (high - low) * rng.next()), shape, dtype: 'float32' };
}

/** Integers in [low, high) from a fixed stream. */
export function integers(shape: readonly number[], low: number, high: number): HostTensor {
  const rng = createRng(`${shape.join('x')}:${low}:${high}`);
  return { data: Int32Array.from({ length: size(shape) }, () => low + rng.int(high - low)), shape, dtype: 'int32' };
}

/** Truth values from a fixed stream. */
export function truths(shape: readonly number[]): HostTensor {
  return { data: Uint8Array.from(integers(shape, 0, 2).data), shape, dtype: 'bool' };
}

/** Given values as float32. */
export function values(...data: readonly number[]): HostTensor {
  return { data: Float32Array.from(data), shape: [data.length], dtype: 'float32' };
}

/** Given values as int32. */
export function counts(...data: readonly number[]): HostTensor {
  return { data: Int32Array.from(data), shape: [data.length], dtype: 'int32' };
}

/** The same values in another shape. */
export function shaped(host: HostTensor, ...shape: readonly number[]): HostTensor {
  return { ...host, shape };
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
