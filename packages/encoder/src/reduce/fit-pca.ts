import { checkOptions, type OptionKeys } from '@expctr/core';
import type { Encoder } from '../encoder.js';
import { EncoderOptionError } from '../errors.js';
import { symmetricEigenvectors } from '../static/symmetric-eigenvectors.js';
import type { Pca } from './pca.js';

/** Options of {@link fitPca}. */
export interface FitPcaOptions {
  /** k, the axes to keep: at most the dimension, and at most the number of vectors. */
  readonly components: number;
  /** What made the vectors. */
  readonly encoder: Pick<Encoder, 'name' | 'dimension'>;
}

const FIT_PCA_OPTIONS: OptionKeys<FitPcaOptions> = { components: true, encoder: true };

/**
 * Principal component analysis of vectors, as scikit-learn's `PCA(n_components=k, svd_solver='full')` has it, but for the sign of an
 * axis, which is such that its largest entry is positive. It is computed in float64 from the covariance and depends on the vectors alone.
 * Its time grows with n d² and d³: 10,000 vectors of 384 take seconds.
 *
 * @param vectors [n, d] row major, as {@link Encoder.encode} gives them
 * @throws EncoderOptionError `ENCODER_PCA` for fewer than two vectors, vectors of another size or that are not finite, or more
 *   components than there can be
 */
export function fitPca(vectors: Float32Array, options: FitPcaOptions): Pca {
  checkOptions('fitPca', options, FIT_PCA_OPTIONS);
  const {
    components,
    encoder: { name, dimension },
  } = options;
  const rows = vectors.length / dimension;
  const most = Math.min(rows, dimension);
  if (!Number.isInteger(rows) || rows < 2)
    throw wrong(`${vectors.length} values are no two or more vectors of ${dimension}`, `n x ${dimension} values, n at least 2`);
  if (!(Number.isInteger(components) && components >= 1 && components <= most))
    throw wrong(`components is ${components}`, `an integer from 1 to ${most} for ${rows} vectors of ${dimension}`);
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw wrong(`vector ${Math.floor(bad / dimension)} holds ${vectors[bad]}`, 'finite values');

  const mean = meanOf(vectors, dimension);
  const covariance = covarianceOf(vectors, mean);
  const { values, vectors: columns } = symmetricEigenvectors(covariance, dimension);
  const axes = new Float32Array(components * dimension);
  for (let c = 0; c < components; c += 1) {
    let largest = 0;
    for (let j = 0; j < dimension; j += 1) {
      const entry = columns[j * dimension + c]!;
      if (Math.abs(entry) > Math.abs(largest)) largest = entry;
    }
    for (let j = 0; j < dimension; j += 1) axes[c * dimension + j] = (largest < 0 ? -1 : 1) * columns[j * dimension + c]!;
  }
  let totalVariance = 0;
  for (let j = 0; j < dimension; j += 1) totalVariance += covariance[j * dimension + j]!;
  return {
    encoder: name,
    dimension,
    components,
    mean: Float32Array.from(mean),
    axes,
    variances: Float32Array.from({ length: components }, (_, c) => Math.max(0, values[c]!)),
    totalVariance,
  };
}

function meanOf(vectors: Float32Array, dimension: number): Float64Array {
  const mean = new Float64Array(dimension);
  for (let at = 0; at < vectors.length; at += 1) mean[at % dimension]! += vectors[at]!;
  const rows = vectors.length / dimension;
  return mean.map((sum) => sum / rows);
}

/** [d, d], over n - 1. */
function covarianceOf(vectors: Float32Array, mean: Float64Array): Float64Array {
  const d = mean.length;
  const rows = vectors.length / d;
  const covariance = new Float64Array(d * d);
  const centered = new Float64Array(d);
  for (let row = 0; row < rows; row += 1) {
    for (let j = 0; j < d; j += 1) centered[j] = vectors[row * d + j]! - mean[j]!;
    for (let i = 0; i < d; i += 1) {
      const factor = centered[i]!;
      for (let j = i; j < d; j += 1) covariance[i * d + j]! += factor * centered[j]!;
    }
  }
  for (let i = 0; i < d; i += 1) {
    for (let j = i; j < d; j += 1) {
      covariance[i * d + j]! /= rows - 1;
      covariance[j * d + i] = covariance[i * d + j]!;
    }
  }
  return covariance;
}

function wrong(what: string, expected: string): EncoderOptionError {
  return new EncoderOptionError('ENCODER_PCA', what, { where: 'fitPca', expected });
}
