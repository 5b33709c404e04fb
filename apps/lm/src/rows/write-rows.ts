import { print, printableJson, writeFileAtomic } from '@expctr/core';
import {
  buildTable,
  float32Column,
  float32ListColumn,
  uint32Column,
  uint32ListColumn,
  utf8Column,
  utf8ListColumn,
  writeTable,
  type Column,
} from '@expctr/data';

/** A column of output. */
export type OutputColumn =
  | { readonly kind: 'text'; readonly values: readonly string[] }
  | { readonly kind: 'number' | 'count'; readonly values: readonly number[] }
  | { readonly kind: 'texts'; readonly values: readonly (readonly string[])[] }
  | { readonly kind: 'numbers' | 'counts'; readonly values: readonly (readonly number[])[] };

/** Columns by name, in order, all of one length. */
export type Output = Readonly<Record<string, OutputColumn>>;

/**
 * Writes rows: an Arrow table where the name ends in `.arrow`, else JSON lines; undefined and `-` are standard output.
 * @param schema names the table's schema in its metadata
 */
export async function writeRows(path: string | undefined, schema: string, output: Output): Promise<void> {
  if (path?.endsWith('.arrow') === true) return writeTable(path, buildTable(schema, rowsOf(output), Object.entries(output).map(columnOf)));
  const rows = Array.from({ length: rowsOf(output) }, (_, row) =>
    Object.fromEntries(Object.entries(output).map(([name, { values }]) => [name, values[row]])),
  );
  if (path === undefined || path === '-') rows.forEach((row) => print(printableJson(row).replaceAll(/\n */gu, '')));
  else await writeFileAtomic(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

function rowsOf(output: Output): number {
  return Object.values(output)[0]?.values.length ?? 0;
}

function columnOf([name, column]: readonly [string, OutputColumn]): Column {
  switch (column.kind) {
    case 'text':
      return utf8Column(name, column.values);
    case 'number':
      return float32Column(name, Float32Array.from(column.values));
    case 'count':
      return uint32Column(name, Uint32Array.from(column.values));
    case 'texts':
      return utf8ListColumn(name, column.values);
    case 'numbers':
      return float32ListColumn(name, offsetsOf(column.values), Float32Array.from(column.values.flat()));
    case 'counts':
      return uint32ListColumn(name, offsetsOf(column.values), Uint32Array.from(column.values.flat()));
  }
}

function offsetsOf(lists: readonly (readonly unknown[])[]): Uint32Array {
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach(({ length }, row) => (offsets[row + 1] = offsets[row]! + length));
  return offsets;
}
