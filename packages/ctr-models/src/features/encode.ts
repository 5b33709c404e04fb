import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { checkColumn, type FeatureColumn, type IdColumn, type IdListColumn, type NumberColumn, type RawColumn } from './columns.js';
import { notFinite } from './row-errors.js';
import { checkGiven } from './check-definitions.js';
import { checkLabels } from './check-features.js';
import { categoricalOf, listOf, tableOf } from './check-schema.js';
import { frequencies, standardize, type Feature, type FeatureSchema, type FrequencyFeature, type LengthFeature } from './schema.js';
import { logLength } from './statistics.js';
import type { FeatureSource } from './source.js';
import { valueIds } from './value-ids.js';

/** The columns of {@link FeatureSchema}'s features for some rows, with their labels. Rows are numbered from 0. */
export interface Features {
  /** What the columns mean. */
  readonly schema: FeatureSchema;
  /** Number of rows. */
  readonly length: number;
  /** One column a feature, by name. */
  readonly columns: Readonly<Record<string, FeatureColumn>>;
  /** 0 or 1, one a row. Prediction does not look at it. */
  readonly labels: Uint8Array;
  /** Where `buildFeatures` took the rows from; absent for columns of another origin. */
  readonly source?: FeatureSource;
}

/** Parameters of {@link encodeFeatures}. */
export interface EncodeParameters {
  /** Vocabularies and normalization, fitted before. */
  readonly schema: FeatureSchema;
  /** A raw column for each feature, by name. */
  readonly columns: Readonly<Record<string, RawColumn>>;
  /** 0 or 1, one a row; zeros where the rows are only predicted. */
  readonly labels: Uint8Array;
}

const ENCODE_FEATURES_OPTIONS: OptionKeys<EncodeParameters> = { schema: true, columns: true, labels: true };

/**
 * Turns raw columns into ids and standardized numbers. Values that the vocabulary lacks become id 0; columns that no feature asks for are
 * left alone.
 * @throws CtrError `CTR_SCHEMA`, `CTR_LENGTH`, `CTR_LABEL`; `CTR_NOT_FINITE` for a missing or infinite number where the feature does not allow it.
 */
export function encodeFeatures(parameters: EncodeParameters): Features {
  checkOptions('encodeFeatures', parameters, ENCODE_FEATURES_OPTIONS);
  const { schema, columns, labels } = parameters;
  checkGiven('encodeFeatures', { schema, columns, labels });
  checkLabels(labels, labels.length, 'encodeFeatures');
  const idOf = new Map(schema.tables.map((table) => [table.name, valueIds(table)]));
  const encoded: Record<string, FeatureColumn> = {};
  for (const feature of schema.features) {
    if (feature.kind === 'frequency' || feature.kind === 'length') continue;
    const column = columns[feature.name];
    if (column === undefined) throw new CtrError('CTR_SCHEMA', `there is no column for the feature '${feature.name}'`);
    checkColumn(feature.name, column, labels.length);
    encoded[feature.name] = encodeColumn(feature, column, (table) => idOf.get(tableOf(schema, table).name)!);
  }
  for (const feature of schema.features) {
    if (feature.kind === 'frequency')
      encoded[feature.name] = frequencyColumn(feature, encoded[categoricalOf(schema, feature).name] as IdColumn);
    if (feature.kind === 'length')
      encoded[feature.name] = lengthColumn(feature, listOf(schema, feature), encoded[feature.of] as IdListColumn);
  }
  return { schema, length: labels.length, columns: encoded, labels };
}

function encodeColumn(feature: Feature, column: RawColumn, idsOf: (table: string) => (value: string) => number): FeatureColumn {
  const index = column.index === undefined ? {} : { index: column.index };
  if (feature.kind === 'categorical' && column.kind === 'categorical') {
    return { kind: 'ids', ids: toIds(column.codes, column.values, idsOf(feature.table)), ...index };
  }
  if ((feature.kind === 'multi-valued' || feature.kind === 'sequence') && column.kind === 'list') {
    return { kind: 'id-lists', offsets: column.offsets, ids: toIds(column.codes, column.values, idsOf(feature.table)), ...index };
  }
  if (feature.kind === 'events' && column.kind === 'events') {
    const fields = feature.fields.map((field): readonly [string, IdColumn | IdListColumn] => {
      const raw = column.fields[field.name];
      if (raw === undefined) throw new CtrError('CTR_SCHEMA', `the events '${feature.name}' lack the field '${field.name}'`);
      return [field.name, encodeColumn(field, raw, idsOf) as IdColumn | IdListColumn];
    });
    return { ...column, fields: Object.fromEntries(fields) };
  }
  if (feature.kind === 'numeric' && column.kind === 'numeric') {
    const values = Float32Array.from(column.values, (value, position) => {
      if (Number.isNaN(value) && feature.missing === 'mean') return 0;
      const read = Math.fround(value);
      if (!Number.isFinite(read)) throw notFinite(feature.name, position, value);
      return standardize(feature, read);
    });
    return { kind: 'numbers', values, ...index };
  }
  if (feature.kind === 'dense' && column.kind === 'dense') {
    if (column.dimension !== feature.dimension) {
      throw new CtrError('CTR_SCHEMA', `the dense column '${feature.name}' has dimension ${column.dimension}`, {
        expected: `${feature.dimension}`,
      });
    }
    return column;
  }
  throw new CtrError('CTR_SCHEMA', `the column '${feature.name}' is ${column.kind}`, {
    expected: `a column for a ${feature.kind} feature`,
  });
}

function frequencyColumn(feature: FrequencyFeature, { ids, index }: IdColumn): NumberColumn {
  const byId = frequencies(feature);
  return { kind: 'numbers', values: Float32Array.from(ids, (id) => byId[id]!), ...(index === undefined ? {} : { index }) };
}

function lengthColumn(feature: LengthFeature, { maxLength }: { maxLength: number }, { offsets, index }: IdListColumn): NumberColumn {
  const values = Float32Array.from({ length: offsets.length - 1 }, (_, position) =>
    standardize(feature, logLength(offsets, position, maxLength)),
  );
  return { kind: 'numbers', values, ...(index === undefined ? {} : { index }) };
}

/** Ids of values by the rule that gave them: parts of a large table share long lists of values. */
const known = new WeakMap<readonly string[], { readonly idOf: (value: string) => number; readonly ids: Int32Array }>();

function toIds(codes: Int32Array, values: readonly string[], idOf: (value: string) => number): Int32Array {
  const before = known.get(values);
  const ids = before?.idOf === idOf && before.ids.length === values.length ? before.ids : Int32Array.from(values, idOf);
  known.set(values, { idOf, ids });
  return codes.map((code) => (code < 0 ? 0 : ids[code]!));
}
