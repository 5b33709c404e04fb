import { CtrError } from '../errors.js';
import type { DenseColumn, RawCategorical, RawEvents, RawList, RawNumeric } from './columns.js';
import { missingVector, notFinite } from './row-errors.js';
import type { DenseFeature, FrequencyFeature, LengthFeature, NumericFeature, TableSchema } from './schema.js';
import { tableRows, valueIds } from './value-ids.js';

/** Adds, for each value, in how many of `rows` it occurs. */
export function countValues(column: RawCategorical | RawList, rows: ArrayLike<number>, counts: Map<string, number>): void {
  const seen = new Uint32Array(column.values.length);
  const lastRow = new Int32Array(column.values.length).fill(-1);
  for (let r = 0; r < rows.length; r += 1) {
    const position = column.index === undefined ? rows[r]! : column.index[rows[r]!]!;
    if (position < 0) continue;
    const start = column.kind === 'list' ? column.offsets[position]! : position;
    const end = column.kind === 'list' ? column.offsets[position + 1]! : position + 1;
    for (let k = start; k < end; k += 1) {
      const code = column.codes[k]!;
      if (code < 0 || lastRow[code] === r) continue;
      lastRow[code] = r;
      seen[code]! += 1;
    }
  }
  seen.forEach((count, code) => {
    const value = column.values[code]!;
    if (count > 0) counts.set(value, (counts.get(value) ?? 0) + count);
  });
}

/** Raises each value's count to the number of `rows` with past events that show it in the field `field`. */
export function countEventValues(
  { offsets, events, fields, index }: RawEvents,
  field: string,
  rows: ArrayLike<number>,
  counts: Map<string, number>,
): void {
  const { codes, values, ...column } = fields[field]!;
  const lists = 'offsets' in column ? column.offsets : undefined;
  const seen = new Uint32Array(values.length);
  const lastRow = new Int32Array(values.length).fill(-1);
  for (let r = 0; r < rows.length; r += 1) {
    const position = index === undefined ? rows[r]! : index[rows[r]!]!;
    if (position < 0) continue;
    for (let e = offsets[position]!; e < offsets[position + 1]!; e += 1) {
      const at = column.index === undefined ? events[e]! : column.index[events[e]!]!;
      if (at < 0) continue;
      const end = lists === undefined ? at + 1 : lists[at + 1]!;
      for (let k = lists === undefined ? at : lists[at]!; k < end; k += 1) {
        const code = codes[k]!;
        if (code < 0 || lastRow[code] === r) continue;
        lastRow[code] = r;
        seen[code]! += 1;
      }
    }
  }
  seen.forEach((count, code) => {
    if (count > 0) counts.set(values[code]!, Math.max(counts.get(values[code]!) ?? 0, count));
  });
}

/** Mean and standard deviation of what `valueOf` gives for each row, NaN left out (Welford's method). */
function moments(rows: ArrayLike<number>, valueOf: (row: number) => number): { mean: number; standardDeviation: number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let r = 0; r < rows.length; r += 1) {
    const value = valueOf(rows[r]!);
    if (Number.isNaN(value)) continue;
    count += 1;
    const change = value - mean;
    mean += change / count;
    squares += change * (value - mean);
  }
  return { mean, standardDeviation: count === 0 ? 0 : Math.sqrt(squares / count) };
}

/** A column in which float32 rounds away more than this part of the spread is refused. */
const MOST_LOST = 0.1;
/** Spread beside the mean below which numbers differ by the rounding of float64 alone, and are a constant. */
const ROUNDING = 1e-14;

/**
 * Normalization of a number, as float32 has it.
 * @throws CtrError `CTR_NOT_FINITE`, also beyond float32; `CTR_PRECISION` for numbers that float32 cannot tell apart.
 */
export function fitNumeric(
  name: string,
  missing: 'mean' | 'error',
  { values, index }: RawNumeric,
  rows: ArrayLike<number>,
): NumericFeature {
  const valueOf = (row: number): number => {
    const position = index === undefined ? row : index[row]!;
    const value = position < 0 ? NaN : values[position]!;
    if (!Number.isFinite(Math.fround(value)) && !(Number.isNaN(value) && missing === 'mean')) throw notFinite(name, row, value);
    return value;
  };
  const { mean, standardDeviation } = moments(rows, valueOf);
  const lost = moments(rows, (row) => valueOf(row) - Math.fround(valueOf(row))).standardDeviation;
  if (lost > MOST_LOST * standardDeviation && standardDeviation > ROUNDING * Math.abs(mean)) {
    throw new CtrError('CTR_PRECISION', `float32 does not tell the numbers of the feature '${name}' apart`, {
      expected: `numbers that differ by more than float32 rounds; these are ${mean} on average, and their standard deviation is ${standardDeviation}`,
      remedy: 'subtract a constant near their mean from the column, and from what is predicted',
    });
  }
  return { kind: 'numeric', name, missing, ...moments(rows, (row) => Math.fround(valueOf(row))) };
}

/** Counts of a categorical column's values, by id. */
export function fitFrequency(
  name: string,
  of: string,
  table: TableSchema,
  column: RawCategorical,
  rows: ArrayLike<number>,
): FrequencyFeature {
  const seen = new Map<string, number>();
  countValues(column, rows, seen);
  const idOf = valueIds(table);
  const counts = new Float64Array(tableRows(table));
  for (const [value, count] of seen) counts[idOf(value)]! += count;
  counts[0] = 0;
  const { codes, values, index } = column;
  const ids = Int32Array.from(values, idOf);
  const logOf = (row: number): number => Math.log1p(counts[ids[codes[index === undefined ? row : index[row]!] ?? -1] ?? 0]!);
  return { kind: 'frequency', name, of, counts: Array.from(counts), ...moments(rows, logOf) };
}

/** Normalization of list lengths. */
export function fitLength(
  name: string,
  of: string,
  maxLength: number,
  { offsets, index }: RawList,
  rows: ArrayLike<number>,
): LengthFeature {
  const logOf = (row: number): number => {
    const position = index === undefined ? row : index[row]!;
    return position < 0 ? 0 : logLength(offsets, position, maxLength);
  };
  return { kind: 'length', name, of, ...moments(rows, logOf) };
}

/** log(1 + entries that count) of the list at a position. */
export function logLength(offsets: Uint32Array, position: number, maxLength: number): number {
  return Math.log1p(Math.min(maxLength, offsets[position + 1]! - offsets[position]!));
}

/**
 * Normalization of vectors.
 * @param nameOf how an error numbers a row
 * @throws CtrError `CTR_DENSE_ROWS`, `CTR_NOT_FINITE`.
 */
export function fitDense(
  name: string,
  { data, dimension, index }: DenseColumn,
  rows: ArrayLike<number>,
  nameOf = (row: number): number => row,
): DenseFeature {
  const mean = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  for (let r = 0; r < rows.length; r += 1) {
    const row = rows[r]!;
    const position = index === undefined ? row : index[row]!;
    if (position < 0) throw missingVector(name, nameOf(row));
    for (let k = 0, at = position * dimension; k < dimension; k += 1, at += 1) {
      const value = data[at]!;
      if (!Number.isFinite(value)) throw notFinite(name, nameOf(row), value);
      const change = value - mean[k]!;
      mean[k]! += change / (r + 1);
      squares[k]! += change * (value - mean[k]!);
    }
  }
  const variance = squares.reduce((sum, s) => sum + s / rows.length, 0);
  const size = mean.reduce((sum, m) => sum + m * m, 0);
  // What is left of a constant vector after rounding in float32 is no signal.
  const scale = variance <= 1e-12 * (variance + size) ? 0 : 1 / Math.sqrt(variance);
  return { kind: 'dense', name, dimension, mean: Array.from(mean), scale };
}
