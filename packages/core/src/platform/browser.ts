import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { memoryFiles } from './memory-files.js';
import type { Bytes, Platform } from './platform.js';
import * as paths from './posix-paths.js';

/** Of a browser. */
declare const navigator: { readonly hardwareConcurrency: number };

export { NOT_ENDED, type Files, type FileStatus, type OpenFile, type Paths, type Platform, type ReadFile } from './platform.js';

export const { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } = memoryFiles();
export const { basename, dirname, join }: Pick<Platform, 'basename' | 'dirname' | 'join'> = paths;

export const platformName = 'a browser';

export const processors: Platform['processors'] = () => navigator.hardwareConcurrency;

export const sha256Of: Platform['sha256Of'] = (parts) => {
  const hash = sha256.create();
  for (const part of parts) hash.update(typeof part === 'string' ? utf8ToBytes(part) : bytesOf(part));
  return bytesToHex(hash.digest());
};

export const equalBytes: Platform['equalBytes'] = (a, b) => a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);

export const uniqueDigits: Platform['uniqueDigits'] = () => crypto.getRandomValues(new Uint32Array(2)).join('');

export const endedWithin: Platform['endedWithin'] = (_, work) => work();

/** The bytes of any array: Node's hash takes them all. */
function bytesOf({ buffer, byteOffset, byteLength }: Bytes): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
