import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fileSize } from './cache-layout.js';
import type { RemoteFile } from './listing.js';

/** What is wrong with the content at `path`; null where it is the file that the hub speaks of. */
export async function differenceFrom({ size, hash }: RemoteFile, path: string): Promise<string | null> {
  const found = await fileSize(path);
  if (found !== size) return `it has ${found ?? 0} bytes instead of ${size}`;
  const actual = await hashOf(path, size, hash.length === 64);
  return actual === hash ? null : `its content has the hash ${actual} instead of ${hash}`;
}

/** SHA-256, or git's name of a blob: SHA-1 of a header and the content. Source: git, "Git Internals - Git Objects". */
async function hashOf(path: string, size: number, sha256: boolean): Promise<string> {
  const hash = createHash(sha256 ? 'sha256' : 'sha1');
  if (!sha256) hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
