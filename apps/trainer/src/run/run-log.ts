import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A line of `log.jsonl`. It holds no time, rate or path, so that a resumed run ends with the same lines. */
export interface LogLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Appends JSON lines to a file. */
export interface RunLog {
  write(line: LogLine): void;
  /** Bytes so far, flushed to the disk: what a checkpoint remembers. */
  flush(): number;
  close(): void;
}

/**
 * Opens a log for appending. `bytes` is where the last checkpoint stood: what was written after it belongs to work that
 * is about to be done again, and is cut off.
 */
export function openRunLog(path: string, bytes = 0): RunLog {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && statSync(path).size > bytes) truncateSync(path, bytes);
  const file = openSync(path, 'a');
  return {
    write: (line) => void writeSync(file, `${JSON.stringify(line)}\n`),
    flush() {
      fsyncSync(file);
      return statSync(path).size;
    },
    close: () => closeSync(file),
  };
}
