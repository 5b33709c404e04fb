import type { InputFile } from '../../src/read/input-file.js';

/** A file of the given bytes that arrives in pieces of `chunkSize`. */
export function memoryFile(bytes: Uint8Array, chunkSize = bytes.length): (path: string) => Promise<InputFile> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkSize) {
      await Promise.resolve();
      yield Buffer.from(bytes.subarray(at, at + chunkSize));
    }
  }
  return (path) => Promise.resolve({ path, chunks: chunks(), digest: () => ({ sha256: '', bytes: bytes.length }) });
}
