import { DataType, type Table } from 'apache-arrow';
import { ExpctrError } from '@expctr/core';
import { SCHEMA_KEY } from '../schemas/arrow-build.js';
import { readTable } from '../schemas/table-file.js';
import { SCHEMA_NAMES, validateTable, type SchemaName } from '../schemas/validate.js';
import { alignColumns } from './prepare.js';

const CELL_WIDTH = 36;
const LIST_LENGTH = 6;

/** What `inspect` prints of an Arrow file: row count, metadata, whether it follows its schema, columns, and its first rows. */
export async function inspectCommand(path: string, rows: number): Promise<string> {
  return describeTable(await readTable(path), rows);
}

/** A table as `expctr-data inspect` shows it: row count, metadata, whether it follows its schema, columns, and its first rows. */
export function describeTable(table: Table, rows: number): string {
  const { fields, metadata } = table.schema;
  const name = metadata.get(SCHEMA_KEY);
  const columns = fields.map((field) => [field.name, String(field.type), field.nullable ? 'nullable' : '']);
  const shown = Math.min(rows, table.numRows);
  const cells = Array.from({ length: shown }, (_, row) =>
    fields.map((field, column) => cellText(table.getChildAt(column)?.get(row) as unknown, field.type as DataType)),
  );
  return [
    `${table.numRows} rows, ${fields.length} columns, ${table.batches.length} record batches`,
    ...Array.from(metadata, ([key, value]) => `${key} = ${value}`),
    ...(name === undefined ? [] : [checkText(table, name)]),
    '',
    alignColumns([['column', 'type', ''], ...columns]),
    '',
    alignColumns([fields.map((field) => field.name), ...cells]),
    ...(shown < table.numRows ? [`… ${table.numRows - shown} more rows`] : []),
  ].join('\n');
}

function checkText(table: Table, name: string): string {
  if (!(SCHEMA_NAMES as readonly string[]).includes(name)) return `schema ${name}: not known here`;
  try {
    validateTable(table, name as SchemaName);
    return `schema ${name}: valid`;
  } catch (error) {
    if (error instanceof ExpctrError) return `schema ${name}: NOT valid: ${error.message}`;
    throw error;
  }
}

function cellText(value: unknown, type: DataType): string {
  if (value === null || value === undefined) return 'null';
  if (DataType.isTimestamp(type)) return new Date(Number(value)).toISOString();
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type)) {
    const all = Array.from(value as Iterable<unknown>, (item) => cellText(item, type.valueType as DataType));
    const cut = all.length > LIST_LENGTH ? [...all.slice(0, LIST_LENGTH), `… ${all.length} in all`] : all;
    return cutText(`[${cut.join(', ')}]`, 2 * CELL_WIDTH);
  }
  if (typeof value === 'number') return String(Number(value.toPrecision(7)));
  const text =
    typeof value === 'string' ? value : typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
  return cutText(text.replace(/\p{Cc}+/gu, ' '), CELL_WIDTH);
}

function cutText(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
