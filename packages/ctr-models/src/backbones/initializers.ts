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

/** Blocks of a matrix along one of its sides. */
export interface Blocks {
  /** Their names, in order. */
  readonly names: readonly string[];
  /** Rows or columns of each. */
  readonly width: number;
}

/**
 * A matrix [rows, columns] of uniform numbers in which every block has a stream of its own, by the names of its row and column: one more
 * feature adds blocks, and leaves the values of the others as they were. `deviation` must not depend on how many blocks there are that
 * start as zeros.
 */
export function uniformBlocks(rows: Blocks, columns: Blocks, standardDeviation: number, rng: Rng): HostTensor {
  const width = columns.names.length * columns.width;
  const matrix = zeros([rows.names.length * rows.width, width]);
  const block = new Float32Array(rows.width * columns.width);
  rows.names.forEach((row, r) => {
    columns.names.forEach((column, c) => {
      fillUniform(block, standardDeviation, rng.fork(row, column));
      for (let k = 0; k < rows.width; k += 1) {
        const at = (r * rows.width + k) * width + c * columns.width;
        (matrix.data as Float32Array).set(block.subarray(k * columns.width, (k + 1) * columns.width), at);
      }
    });
  });
  return matrix;
}

/** All columns as one block. */
export function oneBlock(width: number): Blocks {
  return { names: [''], width };
}
