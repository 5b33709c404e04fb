import { DataType, Table, type Schema } from 'apache-arrow';
import { ExpctrError, printable } from '@expctr/core';
import { SCHEMA_KEY } from '../schemas/arrow-build.js';
import { openTable } from '../schemas/table-file.js';
import { createTableCheck, SCHEMA_NAMES, type SchemaName } from '../schemas/validate.js';
import { alignColumns } from './prepare.js';

/** Numbers of 64 bits, which JSON does not have. */
const asJson = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const CELL_WIDTH = 36;
const LIST_LENGTH = 6;
const METADATA_LENGTH = 2000;

/** What `inspect` prints of an Arrow file: row count, metadata, whether it follows its schema, columns, and its first rows. */
export async function inspectCommand(path: string, rows: number): Promise<string> {
  const file = await openTable(path);
  try {
    return await describeParts(file.schema, () => file.batches(), rows);
  } finally {
    await file.close();
  }
}

/** The parts of a table, from the first on each time they are asked for. */
type Parts = () => AsyncIterable<Table> | Iterable<Table>;

/** A table as `expctr-data inspect` shows it: row count, metadata, whether it follows its schema, columns, and its first rows. */
export function describeTable(table: Table, rows: number): Promise<string> {
  return describeParts(table.schema, () => table.batches.map((batch) => new Table(table.schema, [batch])), rows);
}

async function describeParts({ fields, metadata }: Schema, parts: Parts, rows: number): Promise<string> {
  const name = metadata.get(SCHEMA_KEY);
  const cells: string[][] = [];
  let [length, batches] = [0, 0];
  const check = (SCHEMA_NAMES as readonly (string | undefined)[]).includes(name) ? createTableCheck(name as SchemaName) : undefined;
  let problem: string | undefined;
  for await (const part of parts()) {
    const shown = Math.min(rows - cells.length, part.numRows);
    for (let row = 0; row < shown; row += 1) {
      cells.push(fields.map((field, column) => cellText(valueOf(part, column, row), field.type as DataType)));
    }
    length += part.numRows;
    batches += 1;
    if (check) problem ??= problemOf(() => check.add(part));
  }
  if (check?.finish && problem === undefined) {
    let first = 0;
    for await (const part of parts()) {
      problem ??= problemOf(() => check.finish?.(part, first));
      first += part.numRows;
    }
  }
  const verdict = check === undefined ? 'not known here' : problem === undefined ? 'valid' : `NOT valid: ${problem}`;
  const columns = fields.map((field) => [printable(field.name), printable(String(field.type)), field.nullable ? 'nullable' : '']);
  return [
    `${length} rows, ${fields.length} columns, ${batches} record batches`,
    ...Array.from(metadata, ([key, value]) => printable(`${key} = ${value}`, METADATA_LENGTH)),
    ...(name === undefined ? [] : [`schema ${name}: ${verdict}`]),
    '',
    alignColumns([['column', 'type', ''], ...columns]),
    '',
    alignColumns([fields.map((field) => printable(field.name)), ...cells]),
    ...(cells.length < length ? [`… ${length - cells.length} more rows`] : []),
  ].join('\n');
}

/** What is wrong, where a step throws a typed error. */
function problemOf(step: () => void): string | undefined {
  try {
    step();
  } catch (error) {
    if (error instanceof ExpctrError) return error.message;
    throw error;
  }
  return undefined;
}

/** A value; what is too large for apache-arrow is said to be so, and the rest of the file is shown all the same. */
function valueOf(part: Table, column: number, row: number): unknown {
  try {
    return part.getChildAt(column)?.get(row) as unknown;
  } catch (error) {
    return `(${(error as Error).message})`;
  }
}

function cellText(value: unknown, type: DataType): string {
  if (value === null || value === undefined) return 'null';
  if (DataType.isTimestamp(type) && typeof value === 'number') {
    const time = new Date(value);
    return Number.isNaN(time.getTime()) ? `${value} ms` : time.toISOString();
  }
  if (typeof value === 'object' && (DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type))) {
    const all = Array.from(value as Iterable<unknown>, (item) => cellText(item, type.valueType as DataType));
    const cut = all.length > LIST_LENGTH ? [...all.slice(0, LIST_LENGTH), `… ${all.length} in all`] : all;
    return printable(`[${cut.join(', ')}]`, 2 * CELL_WIDTH);
  }
  if (typeof value === 'number') return String(Number(value.toPrecision(7)));
  const text =
    typeof value === 'string'
      ? value
      : typeof value === 'bigint' || typeof value === 'boolean'
        ? String(value)
        : JSON.stringify(value, asJson);
  return printable(text, CELL_WIDTH);
}
