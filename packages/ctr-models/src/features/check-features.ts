import { CtrError } from '../errors.js';
import { checkSchema } from './check-schema.js';
import { checkColumn } from './columns.js';
import type { Features } from './encode.js';
import { missingVector, notFinite } from './row-errors.js';

/**
 * Refuses features that cannot be fitted or predicted.
 * @param unread dense features whose values will not be read
 * @throws CtrError `CTR_EMPTY`; `CTR_LENGTH`; `CTR_NOT_FINITE` naming feature and row; `CTR_DENSE_ROWS` where a row has no vector.
 */
export function checkFeatures(features: Features, where: string, unread: readonly string[] = []): void {
  const { schema, columns, length } = features;
  checkSchema(schema);
  if (length === 0) throw new CtrError('CTR_EMPTY', 'there are no rows', { where, expected: 'at least one' });
  for (const feature of schema.features) {
    const column = columns[feature.name];
    if (column === undefined) throw new CtrError('CTR_SCHEMA', `there is no column for the feature '${feature.name}'`, { where });
    checkColumn(feature.name, column, length);
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

/** @throws CtrError `CTR_LABEL`, `CTR_ONE_CLASS` unless the labels hold both classes. */
export function checkBothClasses({ labels }: Features, where: string): void {
  const bad = labels.findIndex((label) => label > 1);
  if (bad >= 0) throw new CtrError('CTR_LABEL', `the label of row ${bad} is ${labels[bad]}`, { where, expected: '0 or 1' });
  const first = labels[0];
  if (labels.every((label) => label === first)) {
    throw new CtrError('CTR_ONE_CLASS', `all ${labels.length} labels are ${first}`, {
      where,
      expected: 'rows of both classes',
      remedy: 'choose another label threshold, or more rows',
    });
  }
}
