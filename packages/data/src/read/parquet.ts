import { basename } from 'node:path';
import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type ColumnMetaData, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataError } from '../errors.js';
import { unreadType, type ColumnBatch, type ColumnFile } from './column-batches.js';
import { decimalOf } from './decimals.js';
import { digestOf } from './digest.js';
import { checkParquet, firstPage } from './parquet-bounds.js';
import { checkFooter, parquetBytes } from './parquet-bytes.js';
import { checkPages, levelsOf } from './parquet-pages.js';

/** A local Parquet file: its top-level columns, and its rows by row group. @throws DataError `DATA_PARQUET`. */
export async function openParquet(path: string): Promise<ColumnFile> {
  const [file, read] = await guard(path, async () => {
    const buffer = await parquetBytes(path);
    await checkFooter(buffer);
    const parsed = await parquetMetadataAsync(buffer);
    checkParquet(parsed, buffer.byteLength);
    return [buffer, parsed] as const;
  });
  const columns = topLevel(read.schema);
  const scales: Record<string, number> = {};
  for (const [name, elements] of columns)
    for (const { converted_type, scale = 0 } of elements) if (converted_type === 'DECIMAL') scales[name] = scale;
  const metadata = { ...read, schema: read.schema.map(withoutDecimal) };
  return {
    names: columns.map(([name]) => name),
    batches: (wanted) => {
      for (const [name, elements] of columns) {
        const type = wanted.includes(name) ? unread(elements) : undefined;
        if (type !== undefined) throw unreadType(name, type, path);
      }
      return rowGroups(path, file, metadata, wanted, scales);
    },
    digest: () => digestOf(path),
  };
}

type Element = FileMetaData['schema'][number];

/** hyparquet makes doubles of decimals, with an error: without their type it leaves them as they are stored. */
function withoutDecimal(element: Element): Element {
  if (element.converted_type !== 'DECIMAL') return element;
  const plain = { ...element };
  delete plain.converted_type;
  delete plain.logical_type;
  return plain;
}

const UNREAD = /^(?:TIME|TIME_MILLIS|TIME_MICROS|INTERVAL|BSON|VARIANT|GEOMETRY|GEOGRAPHY)$/u;

/** The name of a type that is no number, text, date or list of them; else undefined. */
function unread([top, ...below]: readonly Element[]): string | undefined {
  const isGroup = ({ num_children: children = 0 }: Element): boolean => children > 0;
  const all = top === undefined ? [] : [top, ...below];
  // A list is a group with a repeated group of one element; what has more children is a struct, and so is a group that is no list.
  const isStruct = all.some(
    ({ num_children: children = 0, converted_type: type, repetition_type: repetition }) =>
      children > 1 || (children === 1 && type !== 'LIST' && repetition !== 'REPEATED'),
  );
  if (top !== undefined && (isStruct || (isGroup(top) && top.converted_type !== 'LIST'))) return top.converted_type ?? 'STRUCT';
  return all.map(({ converted_type: type, logical_type: logical }) => type ?? logical?.type).find((type) => UNREAD.test(type ?? ''));
}

/** A stored decimal, or a list of them: a number, or bytes in two's complement, the highest first. */
function plainDecimal(value: unknown, scale: number): unknown {
  if (Array.isArray(value)) return value.map((one) => plainDecimal(one, scale));
  if (typeof value === 'number' || typeof value === 'bigint') return decimalOf(BigInt(value), scale);
  if (!(value instanceof Uint8Array)) return value;
  return decimalOf(BigInt.asIntN(8 * value.length, BigInt(`0x0${Buffer.from(value).toString('hex')}`)), scale);
}

/** The children of the root, each with the elements below it; the schema lists all elements depth first. */
function topLevel([root, ...elements]: FileMetaData['schema']): [name: string, elements: Element[]][] {
  const columns: [string, Element[]][] = [];
  const behind = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (elements[at]?.num_children ?? 0); child += 1) next = behind(next);
    return next;
  };
  for (let at = 0; columns.length < (root?.num_children ?? 0) && at < elements.length; at = behind(at)) {
    columns.push([elements[at]!.name, elements.slice(at, behind(at))]);
  }
  return columns;
}

async function* rowGroups(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  wanted: readonly string[],
  scales: Readonly<Record<string, number>>,
): AsyncGenerator<ColumnBatch> {
  let rowStart = 0;
  const levels = levelsOf(metadata.schema);
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const columns: Record<string, unknown[]> = Object.fromEntries(wanted.map((name) => [name, new Array<unknown>(rowEnd - rowStart)]));
    const options = { file, metadata, rowStart, rowEnd, compressors, utf8: false };
    // hyparquet does not wait for what `onChunk` returns: an error of it would end the process.
    let failure: unknown;
    const take = (columnName: string, columnData: ArrayLike<unknown>, first: number): void => {
      const column = columns[columnName];
      const scale = scales[columnName];
      if (column === undefined) return;
      for (let i = 0; i < columnData.length; i += 1) {
        const value: unknown = columnData[i];
        column[first - rowStart + i] = scale === undefined ? value : plainDecimal(value, scale);
      }
    };
    await guard(path, async () => {
      // one column at a time: of several that fail, hyparquet waits for the first only, and another would end the process
      for (const name of wanted) {
        for (const [at, { meta_data: column }] of group.columns.entries()) {
          if (column!.path_in_schema[0] === name) checkPages(await chunkOf(file, column!), column!, levels[at]!);
        }
        await parquetRead({
          ...options,
          columns: [name],
          onChunk({ columnName, columnData, rowStart: first }) {
            try {
              take(columnName, columnData, first);
            } catch (cause) {
              failure ??= cause;
            }
          },
        });
      }
      if (failure !== undefined) throw failure as Error;
    });
    yield { length: rowEnd - rowStart, columns };
    rowStart = rowEnd;
  }
}

/** The bytes of a column in a row group. */
async function chunkOf(file: AsyncBuffer, column: ColumnMetaData): Promise<Uint8Array> {
  const begin = Number(firstPage(column));
  return new Uint8Array(await file.slice(begin, begin + Number(column.total_compressed_size)));
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
