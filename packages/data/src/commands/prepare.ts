import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DataOptionError } from '../errors.js';
import type { DatasetCard } from '../prepare/card.js';
import { prepareIntoFolder, type PrepareOptions } from '../prepare/prepare-dataset.js';
import type { DataWarning } from '../prepare/warnings.js';

/** A dataset that was prepared into a folder. */
export interface PreparedFolder {
  /** How it came about. */
  readonly card: DatasetCard;
  /** What a user of the data should know. */
  readonly warnings: readonly DataWarning[];
}

/**
 * Prepares a dataset into the new folder `out`: all of it, or nothing.
 * @throws DataOptionError `DATA_OUT_NOT_EMPTY` where `out` holds something; and what {@link prepareDataset} throws.
 */
export async function prepareCommand(options: PrepareOptions & { readonly out: string }): Promise<PreparedFolder> {
  const out = resolve(options.out);
  await requireEmpty(out);
  const temporary = `${out}.${process.pid}.tmp`;
  try {
    const prepared = await prepareIntoFolder(temporary, options);
    await mkdir(dirname(out), { recursive: true });
    await rmdir(out).catch(() => undefined); // a folder that is there is empty
    await rename(temporary, out);
    return prepared;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** What `prepare` prints: counts at every step, splits, label rates. */
export function describeDataset({ card, warnings }: PreparedFolder): string {
  const files = card.files.map(({ file, rowsRead, rowsBad, badRows }) => {
    const shown = badRows.map(({ line, column, problem, text }) => `    ${file}:${line}:${column}: ${problem}: ${text}`);
    return [`${file}: ${rowsRead} rows read, ${rowsBad} bad`, ...shown].join('\n');
  });
  const steps = card.steps.map(({ step, rows, users, items, dropped }) => [step, rows, users, items, dropped]);
  const splits = Object.entries({ ...card.splits, ...card.slices }).map(([name, split]) => [
    name,
    split.rows,
    split.users,
    split.labelRate?.toFixed(4) ?? '-',
  ]);
  return [
    ...files,
    '',
    alignColumns([['step', 'rows', 'users', 'items', 'dropped'], ...steps]),
    '',
    alignColumns([['split', 'rows', 'users', 'label rate'], ...splits]),
    ...card.notes.map((note) => `note: ${note}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
  ].join('\n');
}

/** Cells in columns, two spaces apart; numbers to the right. */
export function alignColumns(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => String(row[i] ?? '').length)));
  const cell = (value: string | number, i: number): string =>
    typeof value === 'number' ? String(value).padStart(widths[i] ?? 0) : value.padEnd(widths[i] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

async function requireEmpty(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new DataOptionError('DATA_OUT_NOT_EMPTY', 'this is no folder', {
      where: `--out ${folder}`,
      expected: 'a new or empty folder',
      cause,
    });
  }
  if (names.length === 0) return;
  throw new DataOptionError('DATA_OUT_NOT_EMPTY', `the folder is not empty`, {
    where: `--out ${folder}`,
    expected: 'a new or empty folder',
    remedy: 'name another folder, or empty this one',
  });
}
