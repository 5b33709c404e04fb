import { basename } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataError } from '../errors.js';
import type { ColumnBatch, ColumnFile } from './column-batches.js';
import { digestOf } from './digest.js';

/** A local Parquet file: its top-level columns, and its rows by row group. @throws DataError `DATA_PARQUET`. */
export async function openParquet(path: string): Promise<ColumnFile> {
  const [file, metadata] = await guard(path, async () => {
    const buffer = await asyncBufferFromFile(path);
    return [buffer, await parquetMetadataAsync(buffer)] as const;
  });
  return {
    names: topLevelNames(metadata.schema),
    batches: (columns) => rowGroups(path, file, metadata, columns),
    digest: () => digestOf(path),
  };
}

/** The children of the root; the schema lists all elements depth first. */
function topLevelNames([root, ...elements]: FileMetaData['schema']): string[] {
  const names: string[] = [];
  const behind = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (elements[at]?.num_children ?? 0); child += 1) next = behind(next);
    return next;
  };
  for (let at = 0; names.length < (root?.num_children ?? 0) && at < elements.length; at = behind(at)) names.push(elements[at]!.name);
  return names;
}

async function* rowGroups(path: string, file: AsyncBuffer, metadata: FileMetaData, wanted: readonly string[]): AsyncGenerator<ColumnBatch> {
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const columns: Record<string, unknown[]> = Object.fromEntries(wanted.map((name) => [name, new Array<unknown>(rowEnd - rowStart)]));
    const options = { file, metadata, columns: [...wanted], rowStart, rowEnd, compressors };
    await guard(path, () =>
      parquetRead({
        ...options,
        onChunk({ columnName, columnData, rowStart: first }) {
          const column = columns[columnName];
          if (column !== undefined) for (let i = 0; i < columnData.length; i += 1) column[first - rowStart + i] = columnData[i];
        },
      }),
    );
    yield { length: rowEnd - rowStart, columns };
    rowStart = rowEnd;
  }
}

async function guard<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new DataError('DATA_PARQUET', `the Parquet file cannot be read: ${(cause as Error).message}`, {
      where: basename(path),
      expected: 'a whole Parquet file',
      cause,
    });
  }
}
