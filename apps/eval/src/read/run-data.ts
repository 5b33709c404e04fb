import { readdir, stat } from 'node:fs/promises';
import { basename, join, parse } from 'node:path';
import { ExpctrError } from '@expctr/core';
import {
  explanationsFromTable,
  interactionsFromTable,
  itemsFromTable,
  predictionsFromTable,
  readTable,
  type Explanations,
  type Interactions,
  type Items,
} from '@expctr/data';
import { TRUTH_FILE, truthFromTable, type TruthRow } from '@expctr/testbed';
import { parseObject, readRunLog, readText, readTiming, runFolder, type RunFolder, type RunLog } from '@expctr/run';
import { EvalError } from '../errors.js';
import { alignPredictions, type TestPredictions } from './test-predictions.js';

/** A run folder, read. */
export interface RunData {
  readonly config: Readonly<Record<string, unknown>>;
  readonly interactions: Interactions;
  readonly items: Items;
  /** What a simulated world knows of every interaction, aligned with them; null where the data is real. */
  readonly truth: readonly TruthRow[] | null;
  readonly predictions: TestPredictions;
  /** By name (`final`, `post-hoc`, `stage1-rollouts`, ...), in the order of the files. */
  readonly explanations: ReadonlyMap<string, Explanations>;
  readonly log: RunLog;
  /** How long its parts took. */
  readonly timing: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads a run folder. config.json, data/interactions.arrow, data/items.arrow and predictions/test.arrow must be there; explanations,
 * log timing and truth may be missing, and the report then says so.
 *
 * @throws EvalError `EVAL_NO_RUN`, `EVAL_MISSING_FILE`, `EVAL_BAD_FILE`, and what {@link alignPredictions} throws
 * @throws RunFolderError `RUN_BAD_LINE`, `RUN_BAD_FILE` for a configuration, log or timing that cannot be read
 */
export async function readRun(root: string): Promise<RunData> {
  await requireFolder(root);
  const folder = runFolder(root);
  const config = await readConfig(folder.config);
  const interactions = await fromArrow(join(folder.data, 'interactions.arrow'), interactionsFromTable);
  const items = await fromArrow(join(folder.data, 'items.arrow'), (table) => itemsFromTable(table, interactions.itemIds));
  const predictions = await fromArrow(folder.predictions, predictionsFromTable);
  return {
    config,
    interactions,
    items,
    truth: await readTruth(join(folder.data, TRUTH_FILE), interactions.length),
    predictions: alignPredictions(predictions, interactions, folder.predictions),
    explanations: await readExplanations(folder),
    log: await readRunLog(folder.log),
    timing: await readTiming(folder),
  };
}

async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() === true) return;
  throw new EvalError('EVAL_NO_RUN', found === null ? 'there is no such folder' : 'this is not a folder', {
    where: folder,
    expected: 'a run folder as expctr-train writes it',
    remedy: 'give the folder that expctr-train printed (its --out)',
  });
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  if (text === null) throw missing(path);
  return parseObject(text, path);
}

async function fromArrow<T>(path: string, read: (table: Awaited<ReturnType<typeof readTable>>) => T): Promise<T> {
  if ((await stat(path).catch(() => null)) === null) throw missing(path);
  try {
    return read(await readTable(path));
  } catch (cause) {
    if (!(cause instanceof ExpctrError)) throw cause;
    const place = cause.where === undefined || cause.where.includes(path) ? path : `${path}, ${cause.where}`;
    const what = cause.message.replace(`${cause.where ?? ''}: `, '');
    throw new EvalError('EVAL_BAD_FILE', what, {
      where: place,
      remedy: 'repeat the run, or go on with it by expctr-train --resume',
      cause,
    });
  }
}

function missing(path: string): EvalError {
  return new EvalError('EVAL_MISSING_FILE', 'the run has no such file', {
    where: path,
    expected: 'a run that went to its end',
    remedy: 'finish it with expctr-train --resume FOLDER, or give another folder',
  });
}

async function readTruth(path: string, rows: number): Promise<TruthRow[] | null> {
  if ((await stat(path).catch(() => null)) === null) return null;
  const truth = await fromArrow(path, truthFromTable);
  if (truth.length === rows && truth.every(({ interactionId }, row) => interactionId === row)) return truth;
  throw new EvalError('EVAL_ROWS_DIFFER', `the truth has ${truth.length} rows, the interactions have ${rows}`, {
    where: path,
    expected: 'one row for each interaction, in their order',
    remedy: 'take both files from the same run',
  });
}

async function readExplanations(folder: RunFolder): Promise<Map<string, Explanations>> {
  const files = (await readdir(folder.explanationsFolder).catch(() => [])).sort();
  const read = new Map<string, Explanations>();
  for (const file of files) {
    const { name } = parse(file);
    const path = folder.explanations(name);
    if (basename(path) === file) read.set(name, await fromArrow(path, explanationsFromTable));
  }
  return read;
}
