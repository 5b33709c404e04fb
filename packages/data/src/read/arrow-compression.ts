import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { AsyncByteStream, AsyncMessageReader, CompressionType } from 'apache-arrow';
import { DataError } from '../errors.js';

/** What apache-arrow says of a compressed body; it does not say with what. */
const NO_CODEC = /is compressed but codec not found/u;
/** In a file the messages begin behind "ARROW1" and padding. */
const BEFORE_MESSAGES = 8;

/** The error `DATA_ARROW_COMPRESSED` of an Arrow file that is whole, where `cause` comes from its compressed bodies; else undefined. */
export async function compressedError(path: string, cause: unknown): Promise<DataError | undefined> {
  if (!(cause instanceof Error) || !NO_CODEC.test(cause.message)) return undefined;
  const codec = await codecOf(path);
  return new DataError(
    'DATA_ARROW_COMPRESSED',
    `the Arrow file is compressed${codec === undefined ? '' : ` with ${codec}`}, and is not read`,
    {
      where: basename(path),
      expected: 'an Arrow file whose bodies are not compressed',
      remedy:
        'write it without compression (pandas: to_feather(path, compression="uncompressed"); Polars: write_ipc(path, compression="uncompressed"); pyarrow: no compression in IpcWriteOptions), or as Parquet, whose compression is read',
      cause,
    },
  );
}

/** The compression of the first body that has one. */
async function codecOf(path: string): Promise<string | undefined> {
  const stream = createReadStream(path, { start: BEFORE_MESSAGES });
  const reader = new AsyncMessageReader(new AsyncByteStream(stream));
  try {
    for await (const message of reader) {
      const compression = message.isRecordBatch()
        ? message.header().compression
        : message.isDictionaryBatch()
          ? message.header().data.compression
          : undefined;
      if (compression) return compression.type === CompressionType.ZSTD ? 'ZSTD' : 'LZ4';
      await reader.readMessageBody(message.bodyLength);
    }
  } catch {
    // the name is an aid: without it the error is the same
  } finally {
    stream.destroy();
  }
  return undefined;
}
