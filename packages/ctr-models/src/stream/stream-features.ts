import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { checkOptions, type OptionKeys } from '@expctr/core';
import { columnOf, openTable, readNumbers } from '@expctr/data';
import { DataType, Table, type Vector } from 'apache-arrow';
import { CtrError } from '../errors.js';
import { checkSchema } from '../features/check-schema.js';
import type { RawColumn } from '../features/columns.js';
import { encodeFeatures, type Features } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import { selectRows } from '../features/select.js';
import { columnReader } from './column-reader.js';
import type { FeatureStream } from './feature-stream.js';

/** Options of {@link streamFeatures}. */
export interface StreamFeaturesOptions {
  /** An Arrow IPC file, such as the `interactions.arrow` of a prepared dataset. It is read by its record batches. */
  readonly path: string;
  /**
   * What the columns mean; fitted before, on as many rows as fit into memory ({@link fitSchema}). Tables with `hash` need no vocabulary.
   * Past events are not streamed: the schema has none.
   */
  readonly schema: FeatureSchema;
  /** The rows to take, by what they have in columns of text or numbers: `{ split: 'train' }`. Default: all. */
  readonly where?: Readonly<Record<string, string | number>>;
  /** The column with the labels, 0 or 1. Default `label`. */
  readonly label?: string;
  /**
   * Raw columns of a part of the table that are not in it: attributes of its items, for instance, which are joined here. Others are read
   * as {@link rawColumnsFromTable} does.
   */
  readonly columns?: (part: Table) => Readonly<Record<string, RawColumn>>;
  /** The most rows in memory at once: rows are shuffled within so many. Where that is all of them, they are read once, and kept. Default 1,000,000. */
  readonly bufferRows?: number;
}

const STREAM_FEATURES_OPTIONS: OptionKeys<StreamFeaturesOptions> = {
  path: true,
  schema: true,
  where: true,
  label: true,
  columns: true,
  bufferRows: true,
};

/**
 * Opens a table of training rows that need not fit into memory, and goes through its labels once.
 *
 * In every epoch the record batches are drawn in another order, as many as `bufferRows` allows are in memory, and their rows are shuffled
 * among themselves; the last step of each such block may be of fewer rows. A table that is sorted (interactions are, by user) is so mixed
 * well as far as a block takes many record batches.
 *
 * @throws CtrError `CTR_SCHEMA` for a schema with past events or columns that do not fit it, `CTR_LABEL` naming the row, `CTR_EMPTY`,
 * `CTR_OPTION`; DataError where the file is no Arrow file or lacks a column
 */
export async function streamFeatures(options: StreamFeaturesOptions): Promise<FeatureStream> {
  checkOptions('streamFeatures', options, STREAM_FEATURES_OPTIONS);
  const { path, schema, where = {}, label = 'label', columns: joined = () => ({}), bufferRows = 1_000_000 } = options;
  if (!Number.isInteger(bufferRows) || bufferRows < 1)
    throw new CtrError('CTR_OPTION', `bufferRows is ${bufferRows}`, { where: 'streamFeatures', expected: 'a whole number of at least 1' });
  checkSchema(schema);
  const events = schema.features.find(({ kind }) => kind === 'events');
  if (events !== undefined) {
    throw new CtrError('CTR_SCHEMA', `past events are not streamed, and '${events.name}' are`, {
      where: 'streamFeatures',
      remedy: 'leave the feature out, or build the features in memory',
    });
  }
  const source = await openTable(path);
  try {
    const parts = Array.from({ length: source.batchCount }, (_, at) => at);
    const counts: number[] = [];
    let first = 0;
    let positives = 0;
    for (const at of parts) {
      const part = await source.batch(at);
      const labels = readLabels(part, label, first, path);
      const rows = rowsWith(part, where);
      first += part.numRows;
      counts.push(rows.length);
      for (const row of rows) positives += labels[row]!;
    }
    const length = counts.reduce((sum, count) => sum + count, 0);
    if (length === 0)
      throw new CtrError('CTR_EMPTY', 'there are no rows', { where: path, expected: `at least one with ${JSON.stringify(where)}` });
    const read = columnReader(schema);

    async function load(chosen: readonly number[]): Promise<Features> {
      const batches = [];
      for (const at of chosen) batches.push(...(await source.batch(at)).batches);
      const table = new Table(source.schema, batches);
      const own = joined(table);
      const columns = { ...read(table, Object.keys(own)), ...own };
      const features = encodeFeatures({ schema, columns, labels: readLabels(table, label, 0, path) });
      const rows = rowsWith(table, where);
      return rows.length === features.length ? features : selectRows(features, rows);
    }

    return {
      schema,
      length,
      positives,
      bufferRows,
      whole: () => load(parts),
      async *blocks(rng) {
        const order = rng.fork('parts').shuffle(parts.slice());
        let chosen: number[] = [];
        let rows = 0;
        for (const at of order) {
          if (rows > 0 && rows + counts[at]! > bufferRows) {
            yield await load(chosen);
            [chosen, rows] = [[], 0];
          }
          if (counts[at]! > 0) chosen.push(at);
          rows += counts[at]!;
        }
        if (rows > 0) yield await load(chosen);
      },
      async digest() {
        const hash = createHash('sha256').update(JSON.stringify({ schema, where, label, bufferRows }));
        for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
        return hash.digest('hex');
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** @param first number of the first row, for errors */
function readLabels(table: Table, name: string, first: number, where: string): Uint8Array {
  const column = columnOf(table, name);
  const numbers = readNumbers(column, new Float64Array(table.numRows));
  const bad = numbers.findIndex((label) => label !== 0 && label !== 1);
  if (bad < 0) return Uint8Array.from(numbers);
  throw new CtrError('CTR_LABEL', `the label of row ${first + bad} is ${numbers[bad]}`, {
    where: `${where}, column ${name}`,
    expected: '0 or 1',
  });
}

/** The rows that have what is asked for. */
function rowsWith(table: Table, where: Readonly<Record<string, string | number>>): Int32Array {
  const tests = Object.entries(where).map(([name, wanted]) => ({ is: equals(columnOf(table, name), wanted) }));
  const rows = new Int32Array(table.numRows);
  let count = 0;
  for (let row = 0; row < rows.length; row += 1) if (tests.every(({ is }) => is(row))) rows[count++] = row;
  return rows.subarray(0, count);
}

/** Whether a column has a value in a row; of a dictionary, texts are compared once. */
function equals(column: Vector, wanted: string | number): (row: number) => boolean {
  if (!DataType.isDictionary(column.type)) return (row) => plain(column.get(row)) === wanted;
  const marks = new Uint8Array(column.length);
  let row = 0;
  for (const data of column.data) {
    const dictionary = data.dictionary as Vector;
    const codes = data.values as ArrayLike<number | bigint>;
    const right = Uint8Array.from({ length: dictionary.length }, (_, code) => Number(plain(dictionary.get(code)) === wanted));
    for (let i = 0; i < data.length; i += 1, row += 1) marks[row] = data.getValid(i) ? right[Number(codes[i])]! : 0;
  }
  return (at) => marks[at] === 1;
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
