import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, parse } from 'node:path';
import { ExpctrError } from '@expctr/core';
import {
  explanationsFromTable,
  predictionsFromTable,
  readDataset,
  readTable,
  type Explanations,
  type ModelPredictions,
  type StoredDataset,
} from '@expctr/data';
import { parseObject, readRunLog, readText, readTiming, runFolder, verifyRun, type RunFolder, type RunLog } from '@expctr/run';
import { EvalError } from '../errors.js';
import { alignMore, alignPredictions, type TestPredictions } from './test-predictions.js';

/** A run folder, read: its dataset, with the truth where it is known, and all that the run made of it. */
export interface RunData extends StoredDataset {
  readonly config: Readonly<Record<string, unknown>>;
  readonly predictions: TestPredictions;
  /** Predictions of the same test rows by models that were fitted on fewer rows: `expctr-aug@300` and the like, none in older runs. */
  readonly learningCurve: TestPredictions['models'];
  /** By name (`final`, `post-hoc`, `stage1-rollouts`, ...), in the order of the files. */
  readonly explanations: ReadonlyMap<string, Explanations>;
  readonly log: RunLog;
  /** How long its parts took. */
  readonly timing: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads a run folder. Configuration, dataset and predictions must be there; explanations, log, timing and truth may be missing, and the
 * report then says so.
 *
 * @throws EvalError `EVAL_NO_RUN`, `EVAL_MISSING_FILE`, `EVAL_BAD_FILE`, and what {@link alignPredictions} throws
 * @throws RunFolderError `RUN_BAD_LINE`, `RUN_BAD_FILE` for a configuration, log or timing that cannot be read; and what `verifyRun`
 *   throws for files that are not as the run wrote them. A folder without a manifest, of an earlier version, is read unchecked
 */
export async function readRun(root: string): Promise<RunData> {
  await requireFolder(root);
  const folder = runFolder(root);
  await verifyRun(folder, [folder.data, folder.predictions, folder.learningCurve, folder.explanationsFolder]);
  const config = await readConfig(folder.config);
  const dataset = await reading(folder.data, readDataset);
  const stored = async (path: string): Promise<ModelPredictions[]> =>
    reading(path, async () => predictionsFromTable(await readTable(path)));
  const predictions = alignPredictions(await stored(folder.predictions), dataset.interactions, folder.predictions);
  const curve = existsSync(folder.learningCurve) ? await stored(folder.learningCurve) : [];
  return {
    ...dataset,
    config,
    predictions,
    learningCurve: alignMore(curve, predictions, dataset.interactions, folder.learningCurve),
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
    wrongUse: true,
  });
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  if (text === null) throw missing(path);
  return parseObject(text, path);
}

/** Reads a file or folder; what `@expctr/data` refuses is an error of the run, and names the file. */
async function reading<T>(place: string, read: (place: string) => Promise<T>): Promise<T> {
  try {
    return await read(place);
  } catch (cause) {
    if (!(cause instanceof ExpctrError)) throw cause;
    const { where, expected } = cause;
    const [what] = cause.message.replace(`${where ?? ''}: `, '').split(/ (?:Expected|To mend it:) /u);
    if ((cause.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') throw missing(where ?? place);
    throw new EvalError('EVAL_BAD_FILE', what ?? cause.message, {
      where: where === undefined ? place : where.includes(place) ? where : `${place}, ${where}`,
      ...(expected === undefined ? {} : { expected }),
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

async function readExplanations(folder: RunFolder): Promise<Map<string, Explanations>> {
  const files = (await readdir(folder.explanationsFolder).catch(() => [])).sort();
  const read = new Map<string, Explanations>();
  for (const file of files) {
    const { name } = parse(file);
    const path = folder.explanations(name);
    if (basename(path) === file) read.set(name, await reading(path, async () => explanationsFromTable(await readTable(path))));
  }
  return read;
}
