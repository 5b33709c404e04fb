import { createHash } from 'node:crypto';
import { DataError, DataOptionError } from '../errors.js';
import { unreadType, type ColumnBatch, type ColumnFile } from './column-batches.js';
import { decimalOfText } from './decimals.js';
import { digestOf } from './digest.js';

type DuckDB = typeof import('@duckdb/node-api');

/** Whether a name stands for a lake, which DuckDB reads: a glob, or an address. */
export function isLake(name: string): boolean {
  return /[*?[]/u.test(name) || /^[a-z][a-z0-9]+:\/\//iu.test(name);
}

/**
 * Parquet files that a glob or an address (https, s3) names, read by DuckDB in the order of their names. The digest of local
 * files is that of their bytes; of remote ones that of the values that were read.
 * @throws DataOptionError `DATA_NO_DUCKDB` without the package @duckdb/node-api, DataError `DATA_LAKE` where DuckDB cannot read.
 */
export async function openLake(pattern: string, load: () => Promise<DuckDB> = () => import('@duckdb/node-api')): Promise<ColumnFile> {
  const { DuckDBInstance } = await load().catch((cause: unknown) => {
    throw new DataOptionError('DATA_NO_DUCKDB', 'a Parquet lake is read by DuckDB, which is not installed', {
      where: pattern,
      remedy: 'npm install @duckdb/node-api, or give one local file',
      cause,
    });
  });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const source = `read_parquet(${literal(pattern)})`;
  const remote = pattern.includes('://');
  const values = createHash('sha256');
  let size = 0;
  const guard = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (cause) {
      throw new DataError('DATA_LAKE', `DuckDB cannot read it: ${(cause as Error).message.split('\n', 1)[0] ?? ''}`, {
        where: pattern,
        expected: 'Parquet files of one schema',
        ...(remote
          ? { remedy: "an address needs DuckDB's httpfs, which DuckDB installs where it has a network; or give local files" }
          : {}),
        cause,
      });
    }
  };
  const described = await guard(() => connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`));
  const types = new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
  const names = [...types.keys()];
  /** Decimals come as text: as numbers they would lose digits. */
  const isDecimal = (name: string): boolean => /^DECIMAL\([\d,]*\)$/u.test(types.get(name) ?? '');
  const selected = (name: string): string => (isDecimal(name) ? `CAST(${identifier(name)} AS VARCHAR)` : identifier(name));

  /** DuckDB takes decimals of more than 38 digits for doubles, and gets them wrong. */
  async function refuseWide(columns: readonly string[]): Promise<void> {
    if (!columns.some((name) => types.get(name) === 'DOUBLE')) return;
    const wide = await guard(() =>
      connection.runAndReadAll(`SELECT name FROM parquet_schema(${literal(pattern)}) WHERE converted_type = 'DECIMAL' AND precision > 38`),
    );
    const found = wide.getRows().find(([name]) => columns.includes(String(name)));
    if (found === undefined) return;
    throw new DataError(
      'DATA_COLUMN_TYPE',
      `the column ${String(found[0])} holds decimals of more than 38 digits, which DuckDB cannot read`,
      {
        where: pattern,
        expected: 'decimals of up to 38 digits',
        remedy: 'write the column as double or with fewer digits, or give one local file',
      },
    );
  }

  async function* batches(columns: readonly string[]): AsyncGenerator<ColumnBatch> {
    await refuseWide(columns);
    for (const name of columns) {
      const type = types.get(name) ?? '';
      if (UNREAD.test(type)) throw unreadType(name, type, pattern);
    }
    const result = await guard(() => connection.stream(`SELECT ${columns.map(selected).join(', ')} FROM ${source}`));
    const pieces = result.yieldRowsJs();
    for (;;) {
      const piece = await guard(() => pieces.next());
      if (piece.done === true) break;
      const rows = piece.value;
      if (remote) {
        const text = JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
        values.update(text);
        size += Buffer.byteLength(text);
      }
      const plain = columns.map(
        (name) => (value: unknown) => (isDecimal(name) && typeof value === 'string' ? decimalOfText(value) : value),
      );
      yield { length: rows.length, columns: Object.fromEntries(columns.map((name, i) => [name, rows.map((row) => plain[i]!(row[i]))])) };
    }
    connection.closeSync();
  }
  const digest = async () => {
    if (remote) return { sha256: values.digest('hex'), bytes: size };
    return digestOf(...files);
  };
  const listed = remote
    ? undefined
    : await guard(() => connection.runAndReadAll(`SELECT file FROM glob(${literal(pattern)}) ORDER BY file`));
  const files = listed?.getRows().map(([file]) => String(file)) ?? [];
  return { names, batches, digest };
}

/** Types of DuckDB that are no numbers, texts, bytes, dates or lists of them. */
const UNREAD = /^(?:STRUCT|MAP|UNION|TIME\b|INTERVAL|BIT\b)/u;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
