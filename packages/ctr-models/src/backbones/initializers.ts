import type { Rng } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';

/** Zeros of that shape. */
export function zeros(shape: readonly number[]): HostTensor {
  return { data: new Float32Array(shape.reduce((size, d) => size * d, 1)), shape, dtype: 'float32' };
}

/** One number in that shape. */
export function filled(shape: readonly number[], value: number): HostTensor {
  const tensor = zeros(shape);
  tensor.data.fill(value);
  return tensor;
}

/** Uniform numbers with mean 0 and the given standard deviation. */
export function uniform(shape: readonly number[], standardDeviation: number, rng: Rng): HostTensor {
  const tensor = zeros(shape);
  fillUniform(tensor.data as Float32Array, standardDeviation, rng);
  return tensor;
}

/** Fills `target` with uniform numbers of mean 0 and the given standard deviation. */
export function fillUniform(target: Float32Array, standardDeviation: number, rng: Rng): void {
  const width = standardDeviation * Math.sqrt(12);
  for (let i = 0; i < target.length; i += 1) target[i] = (rng.next() - 0.5) * width;
}
