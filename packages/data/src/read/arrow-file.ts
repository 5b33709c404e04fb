import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { RecordBatchReader, type DataType, type RecordBatch, type Vector } from 'apache-arrow';
import { checkArrowFile } from '../arrow-check/check-file.js';
import { checkValues } from '../arrow-check/check-values.js';
import { arrowError } from '../arrow-check/damage.js';
import { compressedError } from './arrow-compression.js';
import { plainArrow } from './arrow-values.js';
import { unreadType, type ColumnBatch, type ColumnFile } from './column-batches.js';
import { digestOf } from './digest.js';

/** An Arrow IPC file or stream: its columns, and its rows by record batch. @throws DataError `DATA_NOT_ARROW`, `DATA_ARROW_COMPRESSED`, `DATA_COLUMN_TYPE`. */
export async function openArrow(path: string): Promise<ColumnFile> {
  const open = async () => (await RecordBatchReader.from(createReadStream(path, { highWaterMark: 1 << 20 }))).open();
  async function* batches(columns: readonly string[]): AsyncGenerator<ColumnBatch> {
    try {
      for await (const batch of (await open()) as AsyncIterable<RecordBatch>) {
        checkValues(batch);
        yield {
          length: batch.numRows,
          columns: Object.fromEntries(columns.map((name) => [name, valuesOf(batch.getChild(name), name, path)])),
        };
      }
    } catch (cause) {
      throw (await compressedError(path, cause)) ?? arrowError(basename(path), cause);
    }
  }
  try {
    await checkArrowFile(path);
    const reader = await open();
    const names = reader.schema.fields.map(({ name }) => name);
    await reader.cancel();
    return { names, batches, digest: () => digestOf(path) };
  } catch (cause) {
    throw (await compressedError(path, cause)) ?? arrowError(basename(path), cause);
  }
}

function valuesOf(vector: Vector | null, column: string, path: string): unknown[] {
  if (vector === null) return [];
  const plain = plainArrow(vector.type as DataType);
  if (plain === undefined) throw unreadType(column, String(vector.type), path);
  return Array.from({ length: vector.length }, (_, row) => plain(vector.get(row)));
}
