import { CtrError } from '../errors.js';
import { checkGiven, checkRows } from './check-definitions.js';
import { checkIsFeatures } from './check-features.js';
import { checkColumn, selectFromColumn, type DenseColumn } from './columns.js';
import type { Features } from './encode.js';

/** The rows `rows` of `features`, in that order, repeats allowed. Columns are shared, not copied. */
export function selectRows(features: Features, rows: ArrayLike<number>): Features {
  checkIsFeatures(features, 'selectRows');
  checkGiven('selectRows', { rows });
  checkRows('selectRows', rows, features.length);
  const { source } = features;
  const columns = Object.entries(features.columns).map(([name, column]) => [name, selectFromColumn(column, rows)] as const);
  return {
    schema: features.schema,
    length: rows.length,
    columns: Object.fromEntries(columns),
    labels: Uint8Array.from(rows, (row) => features.labels[row]!),
    ...(source === undefined ? {} : { source: { ...source, rows: Int32Array.from(rows, (row) => source.rows[row]!) } }),
  };
}

/**
 * The same rows with another vector in the dense feature `name`: one for each row, row major, normalized as the schema says.
 * So a trained model reads fresh explanations of known rows.
 * @throws CtrError `CTR_SCHEMA` where the schema has no such feature or another dimension; `CTR_LENGTH`.
 */
export function withDense(features: Features, name: string, data: Float32Array): Features {
  const feature = features.schema.features.find((f) => f.name === name);
  if (feature?.kind !== 'dense') throw new CtrError('CTR_SCHEMA', `the schema has no dense feature '${name}'`, { where: 'withDense' });
  const column: DenseColumn = { kind: 'dense', data, dimension: feature.dimension };
  checkColumn(name, column, features.length);
  return { ...features, columns: { ...features.columns, [name]: column } };
}
