import { nearestName } from '@expctr/core';
import { CSV } from '../read/fields.js';
import { parseObjectText } from '../read/json-lines.js';
import { columnKey } from '../read/records.js';
import type { Candidate } from './candidates.js';
import { fieldsOf, type FileFormat } from './formats.js';

/** What may stand between the columns of a table. */
export const SEPARATORS = [',', ';', '\t', '|', '::'] as const;

const SHOWN_COLUMNS = 40;

/** The names of a file's columns: those of its schema, the keys of its first line, or the fields of its first row. */
export function columnNames({ head }: Candidate): readonly string[] {
  if (head.names.length > 0) return head.names;
  const [first = ''] = head.lines;
  if (first.startsWith('{')) return keysOf(first);
  return SEPARATORS.map((separator) => fieldsOf(first, { ...CSV, separator })).sort((a, b) => b.length - a.length)[0] ?? [];
}

/** The columns of a file, in words; '' where it has not even two. */
export function columnsInWords(candidate: Candidate): string {
  const names = columnNames(candidate);
  return names.length < 2 ? '' : `${candidate.name} has ${listOf(names)}`;
}

/** Which columns a file lacks that has some of those of a format: `x.csv lacks the column stars (it has user, rating)`; undefined for any other. */
export function columnsLacked(candidate: Candidate, formats: readonly FileFormat[]): string | undefined {
  const names = columnNames(candidate);
  const keys = new Set(names.map(columnKey));
  const lacks = formats.flatMap(({ mark }) => {
    const wanted = 'header' in mark ? mark.header : 'table' in mark ? mark.table : [];
    const missing = wanted.filter((name) => !keys.has(columnKey(name)));
    return missing.length === 0 || missing.length === wanted.length ? [] : [missing];
  });
  const fewest = lacks.sort((a, b) => a.length - b.length)[0];
  if (fewest === undefined) return undefined;
  const near = fewest.flatMap((name) => nearestName(name, names) ?? []);
  const hint = near.length === 0 ? '' : `; the nearest is ${near.join(', ')}`;
  return `${candidate.name} lacks the column ${fewest.join(', ')} (it has ${listOf(names)}${hint})`;
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, SHOWN_COLUMNS).join(', ')}${names.length > SHOWN_COLUMNS ? ', …' : ''}`;
}

function keysOf(line: string): string[] {
  try {
    return Object.keys(parseObjectText(line) as object);
  } catch {
    return [];
  }
}
