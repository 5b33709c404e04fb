import { CtrError } from '../errors.js';
import { checkSchema } from './check-schema.js';
import { checkColumn } from './columns.js';
import type { FeatureColumn } from './columns.js';
import type { Features } from './encode.js';
import type { Feature } from './schema.js';
import { missingVector, notFinite } from './row-errors.js';

/**
 * Refuses features that cannot be fitted or predicted.
 * @param unread dense features whose values will not be read
 * @throws CtrError `CTR_EMPTY`; `CTR_LENGTH`; `CTR_NOT_FINITE` naming feature and row; `CTR_DENSE_ROWS` where a row has no vector.
 */
export function checkFeatures(features: Features, where: string, unread: readonly string[] = []): void {
  checkIsFeatures(features, where);
  const { schema, columns, length } = features;
  checkSchema(schema);
  if (length === 0) throw new CtrError('CTR_EMPTY', 'there are no rows', { where, expected: 'at least one' });
  for (const feature of schema.features) {
    const column = columns[feature.name];
    if (column === undefined) throw new CtrError('CTR_SCHEMA', `there is no column for the feature '${feature.name}'`, { where });
    checkColumn(feature.name, column, length);
    if (column.kind !== KIND_OF[feature.kind]) {
      const expected = `a column of the kind ${KIND_OF[feature.kind]} for a ${feature.kind} feature`;
      throw new CtrError('CTR_SCHEMA', `the column '${feature.name}' is of the kind ${column.kind}`, { where, expected });
    }
    if (column.kind === 'dense' && feature.kind === 'dense' && column.dimension !== feature.dimension) {
      const expected = `${feature.dimension}`;
      throw new CtrError('CTR_SCHEMA', `the vectors of '${feature.name}' have ${column.dimension} components`, { where, expected });
    }
    if (feature.kind === 'events') {
      const fields = column.kind === 'events' ? column.fields : {};
      const lacking = feature.fields.find(({ name, kind }) => fields[name]?.kind !== (kind === 'categorical' ? 'ids' : 'id-lists'));
      if (lacking !== undefined)
        throw new CtrError('CTR_SCHEMA', `there are no ids for the field '${lacking.name}' of '${feature.name}'`, { where });
    }
    if (unread.includes(feature.name)) continue;
    if (column.kind !== 'dense' && column.kind !== 'numbers') continue;
    const values = column.kind === 'dense' ? column.data : column.values;
    const width = column.kind === 'dense' ? column.dimension : 1;
    for (let row = 0; row < length; row += 1) {
      const position = column.index === undefined ? row : column.index[row]!;
      if (position < 0) {
        if (column.kind === 'dense') throw missingVector(feature.name, row);
        continue;
      }
      for (let k = position * width, end = k + width; k < end; k += 1) {
        if (!Number.isFinite(values[k])) throw notFinite(feature.name, row, values[k]!);
      }
    }
  }
}

/** The kind of column that a feature has, once encoded. */
const KIND_OF: { readonly [K in Feature['kind']]: FeatureColumn['kind'] } = {
  categorical: 'ids',
  'multi-valued': 'id-lists',
  sequence: 'id-lists',
  events: 'events',
  numeric: 'numbers',
  frequency: 'numbers',
  length: 'numbers',
  dense: 'dense',
};

/** @throws CtrError `CTR_SCHEMA` for what is no features at all, which a caller in plain JavaScript may pass. */
export function checkIsFeatures(features: Features, where: string): void {
  const given = features as Partial<Features> | null | undefined;
  const lacking = (['schema', 'columns', 'labels'] as const).find((part) => typeof given?.[part] !== 'object' || given[part] === null);
  if (lacking === undefined && Number.isInteger(features.length)) return;
  const what =
    typeof given !== 'object' || given === null ? `the features are ${String(given)}` : `the features lack ${lacking ?? 'their length'}`;
  throw new CtrError('CTR_SCHEMA', what, { where, expected: 'features made by buildFeatures or encodeFeatures' });
}

/** @throws CtrError `CTR_LENGTH` unless there are so many labels, `CTR_LABEL` naming the row unless each is 0 or 1. */
export function checkLabels(labels: ArrayLike<number>, rows: number, where: string): void {
  if (labels.length !== rows)
    throw new CtrError('CTR_LENGTH', `there are ${labels.length} labels`, { where, expected: `${rows}, one a row` });
  for (let row = 0; row < rows; row += 1) {
    const label = labels[row]!;
    if (label === 0 || label === 1) continue;
    throw new CtrError('CTR_LABEL', `the label of row ${row} is ${String(label)}`, { where, expected: '0 or 1' });
  }
}

/** @throws CtrError `CTR_LENGTH`, `CTR_LABEL`, `CTR_ONE_CLASS` unless the labels hold both classes. */
export function checkBothClasses({ labels, length }: Features, where: string): void {
  checkLabels(labels, length, where);
  const first = labels[0];
  if (labels.every((label) => label === first)) {
    throw new CtrError('CTR_ONE_CLASS', `all ${labels.length} labels are ${first}`, {
      where,
      expected: 'rows of both classes',
      remedy: 'choose another label threshold, or more rows',
    });
  }
}
