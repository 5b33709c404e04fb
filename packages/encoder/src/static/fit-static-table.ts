import { checkOptions, type OptionKeys } from '@expctr/core';
import { EncoderOptionError } from '../errors.js';
import { featuresOf, isWord } from './features.js';
import { principalComponents, type SparseRows } from './principal-components.js';
import { addRandomSigns } from './random-signs.js';
import type { StaticTable } from './static-table.js';

/** Options of {@link fitStaticTable}. */
export interface FitStaticTableOptions {
  /** Size of a vector: one half is learned, the other one random signs. Default 32. */
  readonly dimension?: number;
  /**
   * a in the weight a / (a + p) of a feature with relative frequency p. Default 0.1. The 0.001 of Arora et al. is made for large
   * corpora of general text; in explanations the words that carry the sign (`likes`, `avoids`) are among the most frequent of all
   * and would all but vanish.
   */
  readonly smoothing?: number;
  /** Features that occur less often in the corpus are unknown. Default 3. */
  readonly minimumCount?: number;
  /** At most so many features are kept, the most frequent. Default 8192. */
  readonly maximumFeatures?: number;
}

const FIT_STATIC_TABLE_OPTIONS: OptionKeys<FitStaticTableOptions> = {
  dimension: true,
  smoothing: true,
  minimumCount: true,
  maximumFeatures: true,
};

/**
 * Learns a static encoder's table from texts. Words and pairs of neighbors are counted with the weights of smooth inverse
 * frequency and the mean text, their common component, is removed. What is left is told in two ways, of equal mean squared length:
 *
 * - its principal components: what varies most between explanations is how much they say for and against, and of what. Components
 *   of texts and not word vectors learned from contexts, for contexts hardly tell `likes` from `avoids`: both stand between the
 *   same words.
 * - a random projection of the pairs alone: which word goes with which (`likes horror, avoids grim` against `avoids horror, likes
 *   grim`) is spread over so many pairs that no few components hold it.
 *
 * A text of the corpus has mean squared length 1. The same texts give the same table.
 *
 * Sources: Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings" (weights, common component);
 * Deerwester et al. 1990, "Indexing by latent semantic analysis" (components).
 *
 * @throws EncoderOptionError `ENCODER_OPTION` for options that make no sense, or fewer features than components
 */
export function fitStaticTable(texts: readonly string[], options: FitStaticTableOptions = {}): StaticTable {
  checkOptions('fitStaticTable', options, FIT_STATIC_TABLE_OPTIONS);
  const { dimension = 32, smoothing = 0.1, minimumCount = 3, maximumFeatures = 8192 } = options;
  requireInteger('dimension', dimension, 2);
  requireInteger('minimumCount', minimumCount, 1);
  requireInteger('maximumFeatures', maximumFeatures, 1);
  if (!(smoothing > 0)) throw wrong('smoothing', smoothing, 'a number above 0');
  const components = Math.ceil(dimension / 2);

  const documents = texts.map(featuresOf);
  const kept = frequentFeatures(documents, minimumCount).slice(0, maximumFeatures);
  if (kept.length < components) {
    throw wrong('dimension', dimension, `at most ${2 * kept.length}: no more words and pairs occur ${minimumCount} times in the texts`);
  }
  const features = kept.map(({ feature }) => feature);
  const weights = kept.map(({ frequency }) => smoothing / (smoothing + frequency));
  const rows = weightedRows(documents, features, weights);

  const { mean, axes, variances } = principalComponents(rows, components);
  const signs = pairSigns(features, dimension - components);
  const halves = [
    { part: axes, width: components, scale: scaleFor(variances.reduce((sum, variance) => sum + variance, 0)) },
    { part: signs, width: dimension - components, scale: scaleFor(totalVariance(rows, signs, dimension - components)) },
  ] as const;

  const vectors = new Float32Array(features.length * dimension);
  const origin = new Float32Array(dimension);
  for (let f = 0; f < features.length; f += 1) {
    for (let j = 0; j < dimension; j += 1) {
      const { part, width, scale } = halves[j < components ? 0 : 1];
      const entry = scale * part[f * width + (j < components ? j : j - components)]!;
      vectors[f * dimension + j] = weights[f]! * entry;
      origin[j]! -= mean[f]! * entry;
    }
  }
  return { features, vectors, dimension, components, unknown: halves[1].scale, origin };
}

/** [features, width] random signs of the pairs; words have none. */
function pairSigns(features: readonly string[], width: number): Float64Array {
  const signs = new Float64Array(features.length * width);
  features.forEach((feature, f) => {
    if (!isWord(feature)) addRandomSigns(signs, f * width, (f + 1) * width, feature, 1);
  });
  return signs;
}

/** Words and pairs with at least so many occurrences, most frequent first; frequencies are occurrences over words of the corpus. */
function frequentFeatures(documents: readonly (readonly string[])[], minimumCount: number): { feature: string; frequency: number }[] {
  const counts = new Map<string, number>();
  for (const document of documents) for (const feature of document) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  const words = [...counts].reduce((sum, [feature, count]) => sum + (isWord(feature) ? count : 0), 0);
  return [...counts]
    .filter(([, count]) => count >= minimumCount)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([feature, count]) => ({ feature, frequency: count / words }));
}

function weightedRows(documents: readonly (readonly string[])[], features: readonly string[], weights: readonly number[]): SparseRows {
  const codeOf = new Map(features.map((feature, code) => [feature, code]));
  const offsets = new Uint32Array(documents.length + 1);
  const [columns, values] = [[] as number[], [] as number[]];
  documents.forEach((document, row) => {
    const own = new Map<number, number>();
    for (const feature of document) {
      const code = codeOf.get(feature);
      if (code !== undefined) own.set(code, (own.get(code) ?? 0) + weights[code]!);
    }
    for (const [code, value] of own) {
      columns.push(code);
      values.push(value);
    }
    offsets[row + 1] = columns.length;
  });
  return { offsets, columns: Uint32Array.from(columns), values: Float64Array.from(values), width: features.length };
}

/** Variance, over all coordinates, of the rows times a matrix [columns, width]. */
function totalVariance({ offsets, columns, values }: SparseRows, matrix: Float64Array, width: number): number {
  const texts = offsets.length - 1;
  const [sum, squares, text] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < texts; row += 1) {
    text.fill(0);
    for (let k = offsets[row]!; k < offsets[row + 1]!; k += 1) {
      for (let j = 0; j < width; j += 1) text[j]! += values[k]! * matrix[columns[k]! * width + j]!;
    }
    for (let j = 0; j < width; j += 1) {
      sum[j]! += text[j]!;
      squares[j]! += text[j]! ** 2;
    }
  }
  return squares.reduce((total, square, j) => total + square / texts - (sum[j]! / texts) ** 2, 0);
}

/** Gives half of a text's mean squared length of 1 to a part; a part that does not vary stays as it is. */
const scaleFor = (squaredLength: number): number => (squaredLength > 0 ? Math.sqrt(0.5 / squaredLength) : 1);

function requireInteger(name: string, value: number, low: number): void {
  if (!Number.isInteger(value) || value < low) throw wrong(name, value, `an integer of at least ${low}`);
}

function wrong(name: string, value: number, expected: string): EncoderOptionError {
  return new EncoderOptionError('ENCODER_OPTION', `encoder.${name} is ${value}`, { expected });
}
