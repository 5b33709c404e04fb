import { open, type FileHandle } from 'node:fs/promises';
import {
  AsyncByteQueue,
  RecordBatchFileWriter,
  RecordBatchReader,
  Table,
  type AsyncRecordBatchFileReader,
  type RecordBatch,
  type Schema,
} from 'apache-arrow';
import { replaceAtomically } from '@expctr/core';
import { checkArrow, handleSource } from '../arrow-check/check-file.js';
import { checkValues } from '../arrow-check/check-values.js';
import { arrowError } from '../arrow-check/damage.js';
import { DataError } from '../errors.js';
import { compressedError } from '../read/arrow-compression.js';

const MAGIC = 'ARROW1';

/**
 * Reads an Arrow IPC file.
 * @throws DataError `DATA_FILE` where the file cannot be opened, `DATA_NOT_ARROW` where it is no Arrow file or is cut short,
 * `DATA_ARROW_COMPRESSED` where its bodies are compressed.
 */
export async function readTable(path: string): Promise<Table> {
  const file = await openWhole(path);
  try {
    return await tableOf(await readAll(file));
  } catch (cause) {
    throw (await compressedError(path, cause)) ?? arrowError(path, cause);
  } finally {
    await file.close();
  }
}

/** Reads an Arrow IPC file or stream that is in memory already; `where` names it in errors. @throws DataError as {@link readTable} */
export async function tableFromBytes(bytes: Uint8Array, where: string): Promise<Table> {
  try {
    return await tableOf(bytes);
  } catch (cause) {
    throw arrowError(where, cause);
  }
}

async function tableOf(bytes: Uint8Array): Promise<Table> {
  await checkArrow({ size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) });
  const reader = RecordBatchReader.from(bytes);
  const batches: RecordBatch[] = [...reader];
  for (const batch of batches) checkValues(batch);
  return new Table(reader.schema, batches);
}

/** An Arrow IPC file whose record batches are read when they are asked for. */
export interface OpenTable {
  /** Columns and metadata. */
  readonly schema: Schema;
  /** Number of parts. */
  readonly batchCount: number;
  /** The part at a place, from 0. @throws DataError `DATA_NOT_ARROW` */
  batch(at: number): Promise<Table>;
  /** The rows in parts, one in memory at a time; may be asked for again. @throws DataError `DATA_NOT_ARROW` */
  batches(): AsyncGenerator<Table>;
  /** Closes the file. */
  close(): Promise<void>;
}

/** Opens an Arrow IPC file to go through it without having it all in memory. @throws DataError as {@link readTable} */
export async function openTable(path: string): Promise<OpenTable> {
  const file = await openWhole(path);
  try {
    await checkArrow(await handleSource(file));
    const reader = (await (await RecordBatchReader.from(file)).open()) as AsyncRecordBatchFileReader;
    const batch = async (at: number): Promise<Table> => {
      const read = await reader.readRecordBatch(at).catch(async (cause: unknown) => {
        throw (await compressedError(path, cause)) ?? arrowError(path, cause);
      });
      if (read === null) throw arrowError(path, new Error(`it has no record batch ${at}`));
      return checkedPart(path, reader.schema, read);
    };
    async function* batches(): AsyncGenerator<Table> {
      for (let at = 0; at < reader.numRecordBatches; at += 1) yield batch(at);
    }
    return { schema: reader.schema, batchCount: reader.numRecordBatches, batch, batches, close: () => file.close() };
  } catch (cause) {
    await file.close();
    throw (await compressedError(path, cause)) ?? arrowError(path, cause);
  }
}

function checkedPart(path: string, schema: Schema, batch: RecordBatch): Table {
  try {
    checkValues(batch);
    return new Table(schema, [batch]);
  } catch (cause) {
    throw arrowError(path, cause);
  }
}

/** Writes an Arrow IPC file: all of it, or nothing. The same table gives the same bytes. */
export async function writeTable(path: string, table: Table): Promise<void> {
  await writeBatches(path, table.schema, table.batches);
}

/**
 * Writes record batches into an Arrow IPC file as they come: all of them, or no file. A batch is asked for while the one before it
 * is being written, so two are in memory at a time, and a source may use its buffers again for every second batch.
 */
export async function writeBatches(
  path: string,
  schema: Schema,
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
): Promise<void> {
  await replaceAtomically(path, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      const sink = new ChunkList();
      const writer = new RecordBatchFileWriter();
      writer.reset(sink, schema);
      let written = Promise.resolve();
      for await (const batch of batches) {
        writer.write(batch);
        const chunks = sink.take();
        await written;
        written = writeAll(file, chunks);
        written.catch(() => undefined); // it is awaited when the next batch has come
      }
      await written;
      writer.finish();
      await writeAll(file, sink.take());
    } finally {
      await file.close();
    }
  });
}

/** Collects what Arrow's writer writes, without a copy. */
class ChunkList extends AsyncByteQueue {
  private chunks: Uint8Array[] = [];
  override write(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.chunks.push(chunk);
  }
  /** What came since the last call. */
  take(): Uint8Array[] {
    const { chunks } = this;
    this.chunks = [];
    return chunks;
  }
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  let left = bytesWritten;
  for (const chunk of chunks) {
    if (left < chunk.byteLength) await file.writeFile(chunk.subarray(Math.max(left, 0))); // writes on from where the file stands
    left -= chunk.byteLength;
  }
}

/** Opens a file that begins and ends as an Arrow file does. */
async function openWhole(path: string): Promise<FileHandle> {
  const unreadable = (cause: unknown): DataError => {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    return new DataError('DATA_FILE', code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`, {
      where: path,
      expected: 'an Arrow IPC file',
      cause,
      wrongUse: ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code),
    });
  };
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(cause);
  });
  try {
    const { size } = await file.stat();
    const magic = async (at: number): Promise<boolean> => {
      const { buffer } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, at);
      return buffer.toString('latin1') === MAGIC;
    };
    const begins = size >= 2 * MAGIC.length && (await magic(0));
    if (begins && (await magic(size - MAGIC.length))) return file;
    throw new DataError('DATA_NOT_ARROW', begins ? 'the Arrow file is cut short' : 'this is no Arrow IPC file', {
      where: path,
      expected: `a file that begins and ends with ${MAGIC}`,
      remedy: 'write it anew with expctr-data, or with pyarrow.ipc.new_file',
    });
  } catch (cause) {
    await file.close();
    throw cause instanceof DataError ? cause : unreadable(cause);
  }
}

async function readAll(file: FileHandle): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(size);
  // In pieces: one read takes at most 2 GiB.
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 0x20000000), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes;
}
