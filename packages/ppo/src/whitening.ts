import { countTokens, mapRagged, rowSum, type Ragged } from './ragged.js';

/** Keeps the root finite when all values are equal (the N implementation details; trl). */
const EPSILON = 1e-8;

/** How {@link whiten} shifts. */
export interface WhitenOptions {
  /** true: only the spread is scaled and the mean stays (rewards); false: the mean becomes 0 (advantages). */
  readonly keepMean: boolean;
}

/**
 * Scales values to variance 1 over all response tokens of a batch: `(x - mean) / sqrt(variance + 1e-8)`, plus the mean
 * again with `keepMean`. Variance is that of the population, as `tf.nn.moments` gave it in lm-human-preferences.
 * Padding cannot take part, for the rows hold none. A lone token, or equal values, become 0 (or the mean).
 */
export function whiten(rows: Ragged, { keepMean }: WhitenOptions): Float32Array[] {
  const tokens = countTokens(rows);
  const mean = rows.reduce((total, values) => total + rowSum(values), 0) / tokens;
  const squares = rows.reduce((total, values) => values.reduce((sum, value) => sum + (value - mean) ** 2, total), 0);
  const scale = 1 / Math.sqrt(squares / tokens + EPSILON);
  const shift = keepMean ? mean : 0;
  return mapRagged(rows, (value) => (value - mean) * scale + shift);
}
