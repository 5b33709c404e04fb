import { readFile } from 'node:fs/promises';
import { withFileErrors } from '@expctr/core';
import { readTable } from '@expctr/data';
import { jsonLines } from '@expctr/llm-lora/sft';
import { LmError } from '../errors.js';

/** A row of input: its fields, and where it stands. */
export interface InputRow {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Such as `rows.jsonl:7`. */
  readonly where: string;
}

/**
 * Rows of a file: one JSON object a line, or of an Arrow table where its name ends in `.arrow`; `-` is standard input, as JSON lines.
 * @throws SftError `SFT_JSON`; DataError; FileError; LmError `LM_INPUT`
 */
export async function readRows(path: string): Promise<InputRow[]> {
  const rows = path.endsWith('.arrow') ? await arrowRows(path) : await lineRows(path);
  if (rows.length > 0) return rows;
  throw new LmError('LM_INPUT', 'it has no rows', { where: path, expected: 'at least one' });
}

async function lineRows(path: string): Promise<InputRow[]> {
  const name = path === '-' ? 'standard input' : path;
  const bytes = path === '-' ? await standardInput() : await withFileErrors(path, () => readFile(path));
  return [...jsonLines(bytes, name)].map(({ value, where }) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { fields: value as InputRow['fields'], where };
    throw new LmError('LM_INPUT', 'the line is no object', { where, expected: 'one JSON object a line' });
  });
}

async function arrowRows(path: string): Promise<InputRow[]> {
  const table = await readTable(path);
  return Array.from({ length: table.numRows }, (_, row) => ({
    fields: Object.fromEntries(table.schema.fields.map(({ name }, column) => [name, plain(table.getChildAt(column)?.get(row))])),
    where: `${path}, row ${row}`,
  }));
}

/** A value of Arrow as JSON has it: lists and structs as lists and objects. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: () => unknown };
  const own = typeof toJSON === 'function' ? toJSON.call(value) : value;
  if (ArrayBuffer.isView(own)) return Array.from(own as unknown as ArrayLike<number>);
  if (Array.isArray(own)) return own.map(plain);
  return Object.fromEntries(Object.entries(own as object).map(([key, each]) => [key, plain(each)]));
}

/** All that standard input has. */
export async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
