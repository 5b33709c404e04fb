import { DataError } from '../errors.js';
import type { Encoding } from './field-values.js';
import type { RowProblem } from './fields.js';

/** What to do with a malformed row: stop with an error, or count it and go on. */
export type OnBadRow = 'skip' | 'fail';

/** A malformed row, as reports show it. */
export interface BadRow {
  /** Line number, from 1; in a file of columns (Parquet, Arrow) the row's number. */
  readonly line: number;
  /** Column in characters, from 1; in a file of columns the column's number. */
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
/** A problem may quote what it found, so there may be as many as rows. */
const MAX_REASONS = 20;
const OTHER_REASONS = 'something else';

/** Counts the malformed rows of a file and keeps the first few. */
export interface BadRowLog {
  readonly count: number;
  readonly first: readonly BadRow[];
  /** How many there are of each problem. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Takes note of a bad row of text. @throws DataError `DATA_BAD_ROW` under `fail`. */
  report(problem: RowProblem, bytes: Uint8Array, lineStart: number, lineEnd: number, line: number): void;
  /** Takes note of a bad row. @throws DataError `DATA_BAD_ROW` under `fail`, unless the row is `tolerated`. */
  add(row: BadRow, tolerated?: boolean): void;
}

/** A log for one file; `example` is a right line of it. */
export function createBadRowLog(file: string, onBadRow: OnBadRow, encoding: Encoding, example: string): BadRowLog {
  const decoder = new TextDecoder(encoding === 'latin1' ? 'latin1' : 'utf-8');
  const first: BadRow[] = [];
  const reasons: Record<string, number> = {};
  let count = 0;
  return {
    get count() {
      return count;
    },
    first,
    reasons,
    report({ at, what, expected }, bytes, lineStart, lineEnd, line) {
      const column = 1 + [...decoder.decode(bytes.subarray(lineStart, Math.max(at, lineStart)))].length;
      const text = decoder.decode(bytes.subarray(lineStart, Math.min(lineEnd, lineStart + 4 * SHOWN_CHARACTERS)));
      this.add({ line, column, problem: what, expected, text });
    },
    add(row, tolerated = false) {
      count += 1;
      const characters = [...row.text];
      const text = characters.length > SHOWN_CHARACTERS ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : row.text;
      if (onBadRow === 'fail' && !tolerated) {
        throw new DataError('DATA_BAD_ROW', `${row.problem}, in the line ${JSON.stringify(text)}`, {
          where: `${file}:${row.line}:${row.column}`,
          expected: `${row.expected}, as in the line ${JSON.stringify(example)}`,
          remedy: 'correct the line, or count such rows and go on with --on-bad-row skip',
        });
      }
      const reason = reasonOf(row.problem);
      const known = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < MAX_REASONS;
      reasons[known ? reason : OTHER_REASONS] = (reasons[known ? reason : OTHER_REASONS] ?? 0) + 1;
      if (first.length < SHOWN_ROWS) first.push({ ...row, text });
    },
  };
}

/** The kind of a problem: what it says before it quotes what it found. */
function reasonOf(problem: string): string {
  return problem.split(': ', 1)[0] ?? problem;
}
