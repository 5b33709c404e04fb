/** A linear map onto principal axes: what `fitPca` learns. */
export interface Pca {
  /** Name of the encoder whose vectors it was learned from, and which it is for. */
  readonly encoder: string;
  /** d, the size of a vector before. */
  readonly dimension: number;
  /** k, the size of a vector after. */
  readonly components: number;
  /** [d] mean of the vectors that it was learned from. */
  readonly mean: Float32Array;
  /** [k, d] row major: orthonormal axes, largest variance first, the largest entry of each positive. */
  readonly axes: Float32Array;
  /** [k] variance along each axis, over n - 1. */
  readonly variances: Float32Array;
  /** Variance of the vectors in all directions together; `variances` over it are the shares that are kept. */
  readonly totalVariance: number;
}

/** (vectors - mean) axes'. @param vectors [n, d] row major @returns [n, k] */
export function project({ dimension, components, mean, axes }: Pca, vectors: Float32Array): Float32Array {
  const rows = vectors.length / dimension;
  const out = new Float32Array(rows * components);
  const centered = new Float64Array(dimension);
  for (let row = 0; row < rows; row += 1) {
    for (let j = 0; j < dimension; j += 1) centered[j] = vectors[row * dimension + j]! - mean[j]!;
    for (let c = 0; c < components; c += 1) {
      let sum = 0;
      for (let j = 0; j < dimension; j += 1) sum += centered[j]! * axes[c * dimension + j]!;
      out[row * components + c] = sum;
    }
  }
  return out;
}
