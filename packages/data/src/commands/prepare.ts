import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { printable } from '@expctr/core';
import { DataOptionError } from '../errors.js';
import { DATASET_FILES, writeCard } from '../prepare/dataset-folder.js';
import { EmptyCoreError } from '../prepare/empty-core.js';
import { prepareIntoFolder, type PreparedFolder, type PrepareOptions } from '../prepare/prepare-dataset.js';

/**
 * Prepares a dataset into the folder `out`, new, empty or of an earlier preparation: all of it, or nothing. Where the k-core leaves
 * no row, `out` gets the card alone.
 * @throws DataOptionError `DATA_OUT_NOT_EMPTY` where `out` holds anything else; and what {@link prepareDataset} throws.
 */
export async function prepareCommand({ out: given, ...options }: PrepareOptions & { readonly out: string }): Promise<PreparedFolder> {
  const out = resolve(given);
  await requireOurs(out);
  const temporary = `${out}.${process.pid}.tmp`;
  const moveIn = async (): Promise<void> => {
    await mkdir(dirname(out), { recursive: true });
    await rm(out, { recursive: true, force: true }); // it holds what is prepared anew, or nothing
    await rename(temporary, out);
  };
  try {
    const prepared = await prepareIntoFolder(temporary, options);
    await moveIn();
    return prepared;
  } catch (error) {
    if (error instanceof EmptyCoreError) {
      await rm(temporary, { recursive: true, force: true });
      await writeCard(temporary, error.card);
      await moveIn();
    }
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What `prepare` prints: counts at every step, splits, label rates. */
export function describeDataset({ card, warnings }: PreparedFolder): string {
  const files = card.files.map(({ file, role, format, rowsRead, rowsDropped = {}, rowsBad, badRows }) => {
    const shown = badRows.map(({ line, column, problem, text }) => printable(`    ${file}:${line}:${column}: ${problem}: ${text}`));
    const dropped = Object.entries(rowsDropped).map(([rule, rows]) => `, ${rows} dropped (${rule})`);
    const taken = format === undefined ? '' : `, taken for ${role ?? 'data'}: ${format}`;
    return [printable(`${file}: ${rowsRead} rows read, ${rowsBad} bad${dropped.join('')}${taken}`), ...shown].join('\n');
  });
  const steps = card.steps.map(({ step, rows, users, items, dropped, added = 0 }) => [step, rows, users, items, dropped, added]);
  const splits = Object.entries({ ...card.splits, ...card.slices }).map(([name, split]) => [
    name,
    split.rows,
    split.users,
    split.labelRate?.toFixed(4) ?? '-',
  ]);
  return [
    ...files,
    '',
    alignColumns([['step', 'rows', 'users', 'items', 'dropped', 'added'], ...steps]),
    '',
    alignColumns([['split', 'rows', 'users', 'label rate'], ...splits]),
    ...card.notes.map((note) => printable(`note: ${note}`)),
    ...warnings.map(({ message }) => printable(`warning: ${message}`)),
  ].join('\n');
}

/** Cells in columns, two spaces apart; numbers to the right. */
export function alignColumns(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => String(row[i] ?? '').length)));
  const cell = (value: string | number, i: number): string =>
    typeof value === 'number' ? String(value).padStart(widths[i] ?? 0) : value.padEnd(widths[i] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** A folder that is not there, is empty, or holds only what a preparation writes. */
async function requireOurs(folder: string): Promise<void> {
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
  if (names.every((name) => DATASET_FILES.includes(name))) return;
  throw new DataOptionError('DATA_OUT_NOT_EMPTY', 'the folder holds other files', {
    where: `--out ${folder}`,
    expected: 'a new or empty folder, or one that an earlier prepare wrote',
    remedy: 'name another folder, or empty this one',
  });
}
