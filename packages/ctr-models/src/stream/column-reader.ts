import { codeReader, columnOf, type CodeReader } from '@expctr/data';
import { DataType, type Table } from 'apache-arrow';
import type { RawColumn } from '../features/columns.js';
import { rawColumnsFromTable } from '../features/from-table.js';
import type { FeatureSchema } from '../features/schema.js';

/**
 * Reads raw columns of one part of a table after the other, as `rawColumnsFromTable` does. The strings of a dictionary are read once, and
 * are one array in all parts, which says to `encodeFeatures` that it knows their ids.
 */
export function columnReader(schema: FeatureSchema): (part: Table, but: readonly string[]) => Record<string, RawColumn> {
  const readers = new Map<string, CodeReader>();
  return (part, but) => {
    const columns: Record<string, RawColumn> = {};
    for (const feature of schema.features) {
      const { kind, name } = feature;
      if (kind === 'frequency' || kind === 'length' || kind === 'events' || but.includes(name)) continue;
      if (kind === 'categorical' && DataType.isDictionary(columnOf(part, name).type)) {
        const reader = readers.get(name) ?? codeReader();
        readers.set(name, reader);
        columns[name] = { kind: 'categorical', ...reader.read(columnOf(part, name)) };
      } else {
        Object.assign(columns, rawColumnsFromTable(part, [{ kind, name }]));
      }
    }
    return columns;
  };
}
