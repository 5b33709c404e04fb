import type { FileReport } from '../read/file-report.js';

/** Of that many reasons each gets its count. */
const SHOWN_REASONS = 5;

/** Rows that did not come into the tables, file by file: how many of how many, why, and where the first of them stands; '' where all came. */
export function skippedRows(files: readonly FileReport[]): string {
  return files.flatMap((file) => [...malformed(file), ...droppedByRule(file)]).join('; ');
}

/** Rows of one file that are malformed, in words; none where there are none. */
export function malformed({ file, rowsRead, rowsBad, badReasons = {}, badRows }: FileReport): string[] {
  if (rowsBad === 0) return [];
  const reasons = Object.entries(badReasons).sort((a, b) => b[1] - a[1]);
  const shown = reasons.slice(0, SHOWN_REASONS).map(([reason, rows]) => `${reason} (${counted(rows)})`);
  const others = reasons.slice(SHOWN_REASONS).reduce((sum, [, rows]) => sum + rows, 0);
  const [first] = badRows;
  return [
    [
      `${counted(rowsBad)} of ${counted(rowsRead)} rows of ${file} are malformed and were skipped`,
      ...(shown.length === 0 ? [] : [`: ${shown.join(', ')}${others === 0 ? '' : `, other reasons (${counted(others)})`}`]),
      ...(first === undefined
        ? []
        : [`; the first is ${file}:${first.line}:${first.column}: ${JSON.stringify(first.text)} (expected: ${first.expected})`]),
    ].join(''),
  ];
}

function droppedByRule({ file, rowsRead, rowsDropped = {} }: FileReport): string[] {
  return Object.entries(rowsDropped).map(
    ([rule, rows]) => `${counted(rows)} of ${counted(rowsRead)} rows of ${file} were dropped (${rule})`,
  );
}

function counted(rows: number): string {
  return rows.toLocaleString('en-US');
}
