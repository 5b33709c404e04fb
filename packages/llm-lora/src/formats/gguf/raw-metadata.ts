import { open } from '@expctr/core/platform';
import { readFully } from '../file-bytes.js';
import { readGgufHeader } from './header.js';

/** The metadata of a GGUF file as its bytes: the number of the type and the value, by key, for another file. @throws FormatError */
export async function rawGgufMetadata(path: string): Promise<Map<string, Uint8Array>> {
  const handle = await open(path, 'r');
  try {
    const ranges = new Map<string, readonly [begin: number, end: number]>();
    await readGgufHeader(handle, path, (key, begin, end) => ranges.set(key, [begin, end]));
    const values = new Map<string, Uint8Array>();
    for (const [key, [begin, end]] of ranges) values.set(key, new Uint8Array(await readFully(handle, begin, end - begin, path)));
    return values;
  } finally {
    await handle.close();
  }
}
