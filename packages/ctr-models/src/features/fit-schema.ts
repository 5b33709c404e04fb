import { CtrError } from '../errors.js';
import { checkColumn, type DenseColumn, type RawCategorical, type RawColumn, type RawList, type RawNumeric } from './columns.js';
import type { FeatureDefinition } from './definitions.js';
import { checkSchema, type DenseFeature, type Feature, type FeatureSchema, type NumericFeature, type TableSchema } from './schema.js';

/** Parameters of {@link fitSchema}. */
export interface FitSchemaParameters {
  /** The features wanted, in order. */
  readonly definitions: readonly FeatureDefinition[];
  /** A raw column for each of them, by name. */
  readonly columns: Readonly<Record<string, RawColumn>>;
  /** The training rows. Nothing of any other row enters the schema. */
  readonly rows: ArrayLike<number>;
  /** Values seen in fewer training rows than this are left unknown, so that id 0 is trained too. Default 1. */
  readonly minimumCount?: number;
}

/**
 * Fits vocabularies and normalization on the training rows alone.
 *
 * A vocabulary holds the values that the training rows show in any feature of its table, in the order of the raw columns' codes.
 *
 * @throws CtrError `CTR_SCHEMA` where a column is missing or of another kind; `CTR_EMPTY` without training rows; `CTR_NOT_FINITE`.
 */
export function fitSchema({ definitions, columns, rows, minimumCount = 1 }: FitSchemaParameters): FeatureSchema {
  if (rows.length === 0) throw new CtrError('CTR_EMPTY', 'there are no training rows to fit the features on');
  const counts = new Map<string, Map<string, number>>();
  const features = definitions.map((definition): Feature => {
    const column = columns[definition.name];
    if (column === undefined) throw new CtrError('CTR_SCHEMA', `there is no column for the feature '${definition.name}'`);
    checkColumn(definition.name, column, column.index?.length ?? rowsOf(column));
    switch (definition.kind) {
      case 'categorical':
      case 'multi-valued':
      case 'sequence': {
        const table = definition.table ?? definition.name;
        const wanted = definition.kind === 'categorical' ? 'categorical' : 'list';
        if (!counts.has(table)) counts.set(table, new Map());
        countValues(expectKind(definition.name, column, wanted), rows, counts.get(table)!);
        if (definition.kind === 'categorical') return { kind: 'categorical', name: definition.name, table };
        if (definition.kind === 'sequence') return { kind: 'sequence', name: definition.name, table, maxLength: definition.maxLength ?? 50 };
        const { name, pooling = 'mean', maxLength = 32 } = definition;
        return { kind: 'multi-valued', name, table, pooling, maxLength };
      }
      case 'numeric':
        return fitNumeric(definition.name, definition.missing ?? 'error', expectKind(definition.name, column, 'numeric'), rows);
      case 'dense':
        return fitDense(definition.name, expectKind(definition.name, column, 'dense'), rows);
    }
  });
  const tables = [...counts].map(
    ([name, seen]): TableSchema => ({ name, vocabulary: [...seen].flatMap(([value, count]) => (count >= minimumCount ? [value] : [])) }),
  );
  const schema: FeatureSchema = { version: 'features/1', tables, features };
  checkSchema(schema);
  return schema;
}

function rowsOf(column: RawColumn): number {
  if (column.kind === 'categorical') return column.codes.length;
  if (column.kind === 'list') return column.offsets.length - 1;
  return column.kind === 'numeric' ? column.values.length : column.data.length / column.dimension;
}

function expectKind<K extends RawColumn['kind']>(name: string, column: RawColumn, ...kinds: readonly K[]): Extract<RawColumn, { kind: K }> {
  if (!(kinds as readonly string[]).includes(column.kind)) {
    throw new CtrError('CTR_SCHEMA', `the column '${name}' is ${column.kind}`, { expected: kinds.join(' or ') });
  }
  return column as Extract<RawColumn, { kind: K }>;
}

/** Adds, for each value, in how many of `rows` it occurs. */
function countValues(column: RawCategorical | RawList, rows: ArrayLike<number>, counts: Map<string, number>): void {
  const seen = new Uint32Array(column.values.length);
  const lastRow = new Int32Array(column.values.length).fill(-1);
  for (let r = 0; r < rows.length; r += 1) {
    const row = rows[r]!;
    const position = column.index === undefined ? row : column.index[row]!;
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

function fitNumeric(name: string, missing: 'mean' | 'error', column: RawNumeric, rows: ArrayLike<number>): NumericFeature {
  let count = 0;
  let mean = 0;
  let squares = 0; // Welford's sum of squared deviations
  for (let r = 0; r < rows.length; r += 1) {
    const row = rows[r]!;
    const position = column.index === undefined ? row : column.index[row]!;
    const value = position < 0 ? NaN : column.values[position]!;
    if (Number.isNaN(value) && missing === 'mean') continue;
    if (!Number.isFinite(value)) throw notFinite(name, row, value);
    count += 1;
    const change = value - mean;
    mean += change / count;
    squares += change * (value - mean);
  }
  return { kind: 'numeric', name, missing, mean, standardDeviation: count === 0 ? 0 : Math.sqrt(squares / count) };
}

function fitDense(name: string, column: DenseColumn, rows: ArrayLike<number>): DenseFeature {
  const { data, dimension } = column;
  const mean = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  for (let r = 0; r < rows.length; r += 1) {
    const row = rows[r]!;
    const position = column.index === undefined ? row : column.index[row]!;
    if (position < 0) throw missingVector(name, row);
    for (let k = 0, at = position * dimension; k < dimension; k += 1, at += 1) {
      const value = data[at]!;
      if (!Number.isFinite(value)) throw notFinite(name, row, value);
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

/** The error for NaN or infinity in a feature. */
export function notFinite(name: string, row: number, value: number): CtrError {
  return new CtrError('CTR_NOT_FINITE', `row ${row} of the feature '${name}' is ${value}`, {
    expected: 'a finite number',
    remedy: "clean the column, or give a numeric feature missing: 'mean'",
  });
}

/** The error for a row without a dense vector. */
export function missingVector(name: string, row: number): CtrError {
  return new CtrError('CTR_DENSE_ROWS', `row ${row} has no vector in the dense column '${name}'`, {
    expected: 'a vector for every row',
    remedy: 'encode the missing rows (the empty string where there is no text)',
  });
}
