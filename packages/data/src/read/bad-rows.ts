import { basename } from 'node:path';
import { DataError } from '../errors.js';
import type { RowProblem } from './fields.js';

/** What to do with a malformed row: stop with an error, or count it and go on. */
export type OnBadRow = 'skip' | 'fail';

/** A malformed row, as reports show it. */
export interface BadRow {
  /** Line number, from 1. */
  readonly line: number;
  /** Column in characters, from 1. */
  readonly column: number;
  /** What is wrong. */
  readonly problem: string;
  /** What would have been right. */
  readonly expected: string;
  /** The line, cut to a readable length. */
  readonly text: string;
}

const SHOWN_ROWS = 5;
const SHOWN_CHARACTERS = 80;

/** Counts the malformed rows of a file and keeps the first few. */
export interface BadRowLog {
  readonly count: number;
  readonly first: readonly BadRow[];
  /** Takes note of a bad row. @throws DataError `DATA_BAD_ROW` under `fail`. */
  report(problem: RowProblem, bytes: Uint8Array, lineStart: number, lineEnd: number, line: number): void;
}

/** A log for one file; `example` is a right line of it. */
export function createBadRowLog(path: string, onBadRow: OnBadRow, encoding: 'utf-8' | 'latin1', example: string): BadRowLog {
  const decoder = new TextDecoder(encoding);
  const first: BadRow[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    first,
    report({ at, what, expected }, bytes, lineStart, lineEnd, line) {
      count += 1;
      const column = 1 + [...decoder.decode(bytes.subarray(lineStart, Math.max(at, lineStart)))].length;
      const characters = [...decoder.decode(bytes.subarray(lineStart, Math.min(lineEnd, lineStart + 4 * SHOWN_CHARACTERS)))];
      const text = characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : characters.join('');
      if (onBadRow === 'fail') {
        throw new DataError('DATA_BAD_ROW', `${what}, in the line ${JSON.stringify(text)}`, {
          where: `${basename(path)}:${line}:${column}`,
          expected: `${expected}, as in the line ${JSON.stringify(example)}`,
          remedy: 'correct the line, or count such rows and go on with --on-bad-row skip',
        });
      }
      if (first.length < SHOWN_ROWS) first.push({ line, column, problem: what, expected, text });
    },
  };
}
