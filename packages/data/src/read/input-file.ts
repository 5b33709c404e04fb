import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Transform, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
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
}

/**
 * Opens a file, plain or gzip (told by its first bytes, not by its name).
 * @throws DataError `DATA_FILE` where it cannot be read or is a folder; while reading, `DATA_GZIP` where the gzip data is damaged or ends early.
 */
export async function openInput(path: string): Promise<InputFile> {
  const compressed = await isGzip(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const hash = createHash('sha256');
  const state = { bytes: 0 };
  return {
    path,
    chunks: chunksOf(path, raw, hashing(hash, state), compressed),
    digest: () => ({ sha256: hash.copy().digest('hex'), bytes: state.bytes }),
  };
}

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

function hashing(hash: Hash, state: { bytes: number }): Transform {
  return new Transform({
    highWaterMark: CHUNK_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      state.bytes += chunk.length;
      done(null, chunk);
    },
  });
}

async function* chunksOf(path: string, raw: NodeJS.ReadableStream, counted: Transform, compressed: boolean): AsyncGenerator<Buffer> {
  const ignored = (): void => undefined; // the consumer sees the error from the iterator
  const stream = compressed ? pipeline(raw, counted, createGunzip({ chunkSize: CHUNK_BYTES }), ignored) : pipeline(raw, counted, ignored);
  let read = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw fileError(path, cause);
    throw new DataError('DATA_GZIP', code === 'Z_BUF_ERROR' ? 'the gzip data ends early' : 'the gzip data is damaged', {
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
