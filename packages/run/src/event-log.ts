import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError } from '@expctr/core';
import { damaged, EMPTY_SEAL, type Seal } from './seals.js';
import type { RunEvent } from './events.js';

/** Appends events to `log.jsonl`. */
export interface EventLog {
  /** One line. @throws FileError where it cannot be written */
  write(event: RunEvent): void;
  /** Length and checksum so far, flushed to the disk: what a checkpoint remembers. */
  flush(): Seal;
  /** Closes the file. */
  close(): void;
}

/**
 * Opens a log for appending. `upTo` is where the last checkpoint stood: what was written after it belongs to work that is about to be
 * done again, and is cut off. @throws RunFolderError `RUN_FILE_DAMAGED` where what stands before it is not what was written
 */
export function openEventLog(path: string, upTo: Seal = EMPTY_SEAL): EventLog {
  const hash = createHash('sha256');
  let { bytes } = upTo;
  const file = typed(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const kept = content.subarray(0, upTo.bytes);
    hash.update(kept);
    if (kept.length < upTo.bytes) {
      throw damaged(dirname(path), path, `the log is cut: it has ${content.length} bytes, and the run wrote ${upTo.bytes}`);
    }
    if (hash.copy().digest('hex') !== upTo.sha256) throw damaged(dirname(path), path, 'the log was changed after the run wrote it');
    if (content.length > upTo.bytes) truncateSync(path, upTo.bytes);
    return openSync(path, 'a');
  });
  return {
    write(event) {
      const line = Buffer.from(`${JSON.stringify(event)}\n`);
      typed(path, () => {
        for (let at = 0; at < line.length;) at += writeSync(file, line, at);
      });
      hash.update(line);
      bytes += line.length;
    },
    flush() {
      typed(path, () => fsyncSync(file));
      return { bytes, sha256: hash.copy().digest('hex') };
    },
    close: () => closeSync(file),
  };
}

function typed<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, path);
  }
}
