import { basename } from 'node:path';
import { Transform, pipeline } from 'node:stream';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { DataError } from '../errors.js';
import { hashing, type InputFile } from './input-file.js';

/** The files in a zip archive, in its order. @throws DataError `DATA_ZIP`. */
export async function zipMembers(path: string): Promise<string[]> {
  return withZip(path, async (zip) => {
    const names: string[] = [];
    for await (const entry of zip.eachEntry()) if (!entry.fileName.endsWith('/')) names.push(entry.fileName);
    return names;
  });
}

/** Opens a member of a zip archive; its digest is that of the unpacked member. @throws DataError `DATA_ZIP`, also while reading. */
export function openZipMember(path: string, member: string): InputFile {
  const hash = hashing();
  async function* chunks(): AsyncGenerator<Buffer> {
    const zip = await openZip(path);
    try {
      const entry = await findEntry(zip, path, member);
      const stream = await zip.openReadStreamPromise(entry);
      yield* pipeline(stream, checking(entry.crc32), hash.stream, () => undefined) as AsyncIterable<Buffer>;
    } catch (cause) {
      throw zipError(`${basename(path)}/${member}`, cause);
    } finally {
      zip.close();
    }
  }
  return { path, chunks: chunks(), digest: hash.digest };
}

async function findEntry(zip: ZipFile, path: string, member: string): Promise<Entry> {
  for await (const entry of zip.eachEntry()) if (entry.fileName === member) return entry;
  throw new DataError('DATA_ZIP', `the archive has no member ${member}`, { where: path });
}

/** Passes bytes on and compares their CRC-32 at the end, which yauzl leaves to its users. */
function checking(expected: number): Transform {
  let check = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      check = crc32(chunk, check);
      done(null, chunk);
    },
    flush: (done) => done(check === expected ? null : new Error('the checksum does not agree')),
  });
}

async function withZip<T>(path: string, use: (zip: ZipFile) => Promise<T>): Promise<T> {
  const zip = await openZip(path);
  try {
    return await use(zip);
  } catch (cause) {
    throw zipError(path, cause);
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  return openPromise(path, { lazyEntries: true, autoClose: false }).catch((cause: unknown) => {
    throw zipError(path, cause);
  });
}

function zipError(where: string, cause: unknown): Error {
  if (cause instanceof DataError) return cause;
  return new DataError('DATA_ZIP', `the zip archive cannot be read: ${(cause as Error).message}`, {
    where,
    expected: 'a whole zip archive without a password',
    remedy: 'download it again and compare its checksum, or unpack it by hand',
    cause,
  });
}
