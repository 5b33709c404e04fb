import type { OpenFile } from '@expctr/core/platform';
import { FormatError } from './errors.js';

/** One system call reads at most this much; Node refuses 2 GiB and more. */
const LARGEST_READ = 1 << 30;

/**
 * Reads exactly `length` bytes from `position` into memory of their own.
 * @throws FormatError `CHECKPOINT_TRUNCATED` where the file ends before (it may have shrunk since its header was read).
 */
export async function readFully(handle: OpenFile, position: number, length: number, path: string): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(LARGEST_READ, length - done), position + done);
    if (bytesRead === 0) {
      throw new FormatError('CHECKPOINT_TRUNCATED', `the file ends at byte ${position + done}`, {
        where: path,
        expected: `${length} bytes from byte ${position} on`,
        remedy: 'fetch the file again; it was cut short',
      });
    }
    done += bytesRead;
  }
  return bytes.buffer;
}
