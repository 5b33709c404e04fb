import { createRng } from '@expctr/core';
import { symmetricEigenvectors } from './symmetric-eigenvectors.js';

/** A sparse matrix by rows: row r has `values[k]` in column `columns[k]` for k in `offsets[r] .. offsets[r + 1]`. */
export interface SparseRows {
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
  /** Number of columns. */
  readonly width: number;
}

/** What {@link principalComponents} finds. */
export interface PrincipalComponents {
  /** [width] mean row. */
  readonly mean: Float64Array;
  /** [width, components] row major; orthonormal columns, largest variance first, the largest entry of each positive. */
  readonly axes: Float64Array;
  /** [components] variance along each axis. */
  readonly variances: Float64Array;
}

/** Axes beyond those asked for, which let the iteration converge. */
const OVERSAMPLING = 10;
const ITERATIONS = 40;

/**
 * Principal components by subspace iteration: the covariance is applied to a block of vectors, never formed.
 * Source: Halko, Martinsson and Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.3.
 */
export function principalComponents(rows: SparseRows, components: number): PrincipalComponents {
  const { width } = rows;
  const block = Math.min(width, components + OVERSAMPLING);
  const mean = columnMeans(rows);
  const rng = createRng('principal components');
  let basis: Float64Array = Float64Array.from({ length: width * block }, () => rng.normal()); // [width, block]
  orthonormalize(basis, width, block);
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    basis = timesCovariance(rows, mean, basis, block);
    orthonormalize(basis, width, block);
  }
  // Rayleigh-Ritz: the best axes within the block are the eigenvectors of basis' C basis.
  const image = timesCovariance(rows, mean, basis, block);
  const small = new Float64Array(block * block);
  for (let f = 0; f < width; f += 1)
    for (let i = 0; i < block; i += 1)
      for (let j = 0; j < block; j += 1) small[i * block + j]! += basis[f * block + i]! * image[f * block + j]!;
  const { values, vectors } = symmetricEigenvectors(small, block);
  const kept = Math.min(components, block);
  const axes = new Float64Array(width * components);
  for (let j = 0; j < kept; j += 1) {
    let largest = 0;
    for (let f = 0; f < width; f += 1) {
      let entry = 0;
      for (let i = 0; i < block; i += 1) entry += basis[f * block + i]! * vectors[i * block + j]!;
      axes[f * components + j] = entry;
      if (Math.abs(entry) > Math.abs(largest)) largest = entry;
    }
    if (largest < 0) for (let f = 0; f < width; f += 1) axes[f * components + j] = -axes[f * components + j]!;
  }
  return { mean, axes, variances: Float64Array.from({ length: components }, (_, j) => Math.max(0, values[j] ?? 0)) };
}

function columnMeans({ offsets, columns, values, width }: SparseRows): Float64Array {
  const mean = new Float64Array(width);
  columns.forEach((column, k) => (mean[column]! += values[k]! / (offsets.length - 1)));
  return mean;
}

/** C basis, with C the covariance of the rows. @param basis [width, block] */
function timesCovariance(
  { offsets, columns, values, width }: SparseRows,
  mean: Float64Array,
  basis: Float64Array,
  block: number,
): Float64Array {
  const out = new Float64Array(width * block);
  const project = new Float64Array(block);
  const center = new Float64Array(block);
  for (let f = 0; f < width; f += 1) for (let j = 0; j < block; j += 1) center[j]! += mean[f]! * basis[f * block + j]!;
  const rows = offsets.length - 1;
  for (let row = 0; row < rows; row += 1) {
    const [start, end] = [offsets[row]!, offsets[row + 1]!];
    for (let j = 0; j < block; j += 1) project[j] = -center[j]!;
    for (let k = start; k < end; k += 1) {
      const at = columns[k]! * block;
      for (let j = 0; j < block; j += 1) project[j]! += values[k]! * basis[at + j]!;
    }
    // Centered projections add up to zero, so the rows need not be centered a second time.
    for (let k = start; k < end; k += 1) {
      const at = columns[k]! * block;
      for (let j = 0; j < block; j += 1) out[at + j]! += (values[k]! * project[j]!) / rows;
    }
  }
  return out;
}

/** Makes the columns orthonormal (modified Gram-Schmidt, twice); a column that depends on those before it becomes zero. */
function orthonormalize(basis: Float64Array, width: number, block: number): void {
  for (let j = 0; j < block; j += 1) {
    const before = columnNorm(basis, width, block, j);
    for (let pass = 0; pass < 2; pass += 1) {
      for (let i = 0; i < j; i += 1) {
        let dot = 0;
        for (let f = 0; f < width; f += 1) dot += basis[f * block + i]! * basis[f * block + j]!;
        for (let f = 0; f < width; f += 1) basis[f * block + j]! -= dot * basis[f * block + i]!;
      }
    }
    const norm = columnNorm(basis, width, block, j);
    const scale = norm <= 1e-12 * before ? 0 : 1 / norm;
    for (let f = 0; f < width; f += 1) basis[f * block + j]! *= scale;
  }
}

function columnNorm(basis: Float64Array, width: number, block: number, j: number): number {
  let squares = 0;
  for (let f = 0; f < width; f += 1) squares += basis[f * block + j]! ** 2;
  return Math.sqrt(squares);
}
