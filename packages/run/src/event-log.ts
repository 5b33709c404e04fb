import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RunEvent } from './events.js';

/** Appends events to `log.jsonl`. */
export interface EventLog {
  /** One line. */
  write(event: RunEvent): void;
  /** Bytes so far, flushed to the disk: what a checkpoint remembers. */
  flush(): number;
  /** Closes the file. */
  close(): void;
}

/**
 * Opens a log for appending. `bytes` is where the last checkpoint stood: what was written after it belongs to work that
 * is about to be done again, and is cut off.
 */
export function openEventLog(path: string, bytes = 0): EventLog {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > bytes) truncateSync(path, bytes);
  const file = openSync(path, 'a');
  return {
    write: (event) => void writeSync(file, `${JSON.stringify(event)}\n`),
    flush() {
      fsyncSync(file);
      return statSync(path).size;
    },
    close: () => closeSync(file),
  };
}
