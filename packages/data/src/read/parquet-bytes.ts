import { open, stat } from 'node:fs/promises';
import type { AsyncBuffer } from 'hyparquet';
import { checkThrift, ParquetDamage } from './parquet-bounds.js';

const MAGIC = 'PAR1';

/** A file as hyparquet wants it. Every piece lies within the file, and one that nobody waits for any more ends no process. */
export async function parquetBytes(path: string): Promise<AsyncBuffer> {
  const { size } = await stat(path);
  return {
    byteLength: size,
    slice(start, end = size) {
      const piece = read(path, start < 0 ? size + start : start, end);
      piece.catch(() => undefined); // hyparquet drops what it has asked for where another column fails
      return piece;
    },
  };
}

async function read(path: string, start: number, end: number): Promise<ArrayBuffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (!(start >= 0 && start <= end && end <= size)) throw new ParquetDamage(`bytes ${start} to ${end} are asked for, and it has ${size}`);
    const bytes = new Uint8Array(end - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    if (bytesRead < bytes.length) throw new ParquetDamage(`it ends at byte ${start + bytesRead} while it is read`);
    return bytes.buffer;
  } finally {
    await file.close();
  }
}

/** Walks the footer before hyparquet parses it. @throws ParquetDamage */
export async function checkFooter(file: AsyncBuffer): Promise<void> {
  const tail = 4 + MAGIC.length;
  if (file.byteLength < MAGIC.length + tail) throw new ParquetDamage(`it has ${file.byteLength} bytes`);
  const end = Buffer.from(await file.slice(file.byteLength - tail, file.byteLength));
  if (end.toString('latin1', 4) !== MAGIC) throw new ParquetDamage(`it does not end with ${MAGIC}`);
  const length = end.readUInt32LE(0);
  const most = file.byteLength - tail - MAGIC.length;
  if (length > most) throw new ParquetDamage(`its metadata have ${length} bytes; they can be 0 to ${most} in this file`);
  checkThrift(new Uint8Array(await file.slice(file.byteLength - tail - length, file.byteLength - tail)));
}
