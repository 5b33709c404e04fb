import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Transform, pipeline } from 'node:stream';
import { constants, crc32, createGunzip } from 'node:zlib';
import { DataError } from '../errors.js';

const CHUNK_BYTES = 1 << 20;

/** What identifies a file's content. */
export interface FileDigest {
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
  /** Size in bytes. */
  readonly bytes: number;
}

/** A file being read: its bytes, decompressed, in pieces. */
export interface InputFile {
  /** Where it lies. */
  readonly path: string;
  /** Its bytes in order, in pieces of any size. */
  readonly chunks: AsyncIterable<Buffer>;
  /** After the last chunk: SHA-256 and size of the file as it lies on the disk. */
  digest(): FileDigest;
  /** After the last chunk: whether compressed data ended before its end. */
  endsEarly?(): boolean;
}

/**
 * Opens a file, plain or gzip (told by its first bytes, not by its name).
 * @throws DataError `DATA_FILE` where it cannot be read or is a folder; while reading, `DATA_GZIP` where the gzip data is damaged.
 */
export async function openInput(path: string): Promise<InputFile> {
  const compressed = await isGzip(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  const hash = hashing();
  const raw = pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), hash.stream, ignored);
  if (!compressed) return { path, chunks: chunksOf(path, raw), digest: hash.digest };
  let early = false;
  async function* unpacked(): AsyncGenerator<Buffer> {
    // Z_SYNC_FLUSH hands out all that a cut file holds, where the default would throw the last piece away. The end is checked below.
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
    let [check, length] = [0, 0];
    for await (const chunk of chunksOf(path, pipeline(raw, gunzip, ignored))) {
      check = crc32(chunk, check);
      length += chunk.length;
      yield chunk;
    }
    early = !(await endsWith(path, check, length)) && (await isCut(path));
  }
  return { path, chunks: unpacked(), digest: hash.digest, endsEarly: () => early };
}

/** The consumer of a stream sees its error from the iterator. */
const ignored = (): void => undefined;

async function isGzip(path: string): Promise<boolean> {
  if ((await stat(path)).isDirectory()) {
    throw new DataError('DATA_FILE', 'this is a folder', { where: path, expected: 'a file' });
  }
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Whether the file ends as a gzip file of one part does: with CRC-32 and length of what was unpacked (RFC 1952, 2.3.1). */
async function endsWith(path: string, check: number, length: number): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < 18) return false;
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, size - 8);
    return buffer.readUInt32LE(0) === check && buffer.readUInt32LE(4) === length % 2 ** 32;
  } finally {
    await file.close();
  }
}

/** Unpacks the file again, strictly: a gzip file of several parts ends like none, and is whole all the same. */
async function isCut(path: string): Promise<boolean> {
  try {
    for await (const chunk of pipeline(createReadStream(path), createGunzip({ chunkSize: CHUNK_BYTES }), ignored)) void chunk;
    return false;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return true;
    throw fileError(path, cause);
  }
}

/** A stream that leaves its bytes alone, counts and hashes them. */
export function hashing(): { stream: Transform; digest: () => FileDigest } {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, digest: () => ({ sha256: hash.copy().digest('hex'), bytes }) };
}

async function* chunksOf(path: string, stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  let read = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    if (!((cause as NodeJS.ErrnoException).code ?? '').startsWith('Z_')) throw fileError(path, cause);
    throw new DataError('DATA_GZIP', 'the gzip data is damaged', {
      where: basename(path),
      expected: `a whole gzip file (${read} bytes could be unpacked)`,
      remedy: 'download the file again and compare its checksum',
      cause,
    });
  }
}

function fileError(path: string, cause: unknown): Error {
  if (cause instanceof DataError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new DataError('DATA_FILE', `the file cannot be read (${code})`, { where: path, cause });
}
