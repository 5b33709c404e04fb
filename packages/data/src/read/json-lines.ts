import { parseJson } from '@expctr/core';
import { createBadRowLog, type BadRow } from './bad-rows.js';
import { decodeText } from './field-values.js';
import { reportOf, type FileReport, type RowCounts, type RowOutcome } from './file-report.js';
import type { InputFile } from './input-file.js';
import { endOfLine, forEachRow, withoutLineEnd } from './lines.js';
import { LiteralError, parseLiteral } from './python-literal.js';
import type { RecordOptions, RecordProblem, RowRecord } from './records.js';

/** Reads a file with one object a line, each as JSON or as a Python literal (Amazon's metadata of 2014). */
export async function readJsonLines(open: () => Promise<InputFile>, options: RecordOptions): Promise<FileReport> {
  const { name, example, onBadRow, onTruncated, record } = options;
  const input = await open();
  const bad = createBadRowLog(name, onBadRow, 'utf-8', example);
  const counts: RowCounts = { rows: 0, dropped: {} };
  let line = 0;

  const take = (bytes: Buffer, start: number, last: boolean): number => {
    const next = endOfLine(bytes, start, last);
    if (next < 0) return -1;
    const end = withoutLineEnd(bytes, start, next);
    line += 1;
    if (end === start) return next;
    counts.rows += 1;
    const text = decodeText(bytes.subarray(start, end), 'utf-8');
    if (last && end === next && next === bytes.length && input.endsEarly?.() === true) {
      bad.add({ line, column: 1, problem: 'the file ends within this row', expected: 'a whole row', text: text ?? '' }, true);
      return next;
    }
    if (text === undefined) {
      const shown = bytes.toString('latin1', start, Math.min(end, start + 200));
      bad.add({ line, column: 1, problem: 'bytes that are no text', expected: 'text in UTF-8, without NUL', text: shown });
      return next;
    }
    const outcome = lineOutcome(text, record);
    if (typeof outcome === 'string') counts.dropped[outcome] = (counts.dropped[outcome] ?? 0) + 1;
    else if (outcome !== undefined) bad.add({ line, text, ...outcome });
    return next;
  };
  await forEachRow(input, name, take);
  return reportOf(name, input, counts, bad, example, onTruncated);
}

function lineOutcome(text: string, record: (record: RowRecord) => RowOutcome<RecordProblem>): RowOutcome<Omit<BadRow, 'line' | 'text'>> {
  let value: unknown;
  try {
    value = parseObjectText(text);
  } catch (cause) {
    if (!(cause instanceof LiteralError)) throw cause;
    return { column: cause.position + 1, problem: `this is no JSON: ${cause.message}`, expected: 'one JSON object a line' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { column: 1, problem: 'this is no JSON object', expected: 'one JSON object a line' };
  }
  const outcome = record(value as RowRecord);
  if (outcome === undefined || typeof outcome === 'string') return outcome;
  const key = new RegExp(`["']${outcome.column.replace(/[^\w]/gu, '\\$&')}["']\\s*:`, 'u').exec(text);
  return { column: (key?.index ?? 0) + 1, problem: outcome.what, expected: outcome.expected };
}

/** A number that may be a whole one beyond 2^53, whose last digits JSON.parse would round away. */
const LONG_NUMBER = /[:,[\s-]\d{16}/u;

/** The value of a line; whole numbers beyond 2^53 are bigints. @throws LiteralError where it is neither JSON nor a Python literal. */
export function parseObjectText(text: string): unknown {
  if (!text.startsWith("{'") && !text.startsWith("{u'") && !LONG_NUMBER.test(text)) {
    try {
      return parseJson(text);
    } catch {
      // The parser below says where the line is wrong, which JSON.parse does not always do.
    }
  }
  return parseLiteral(text);
}
