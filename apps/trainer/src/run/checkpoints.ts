import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@expctr/core';
import type { RunFolder } from './run-folder.js';
import { openRunLog, type RunLog } from './run-log.js';

interface Progress {
  /** Steps whose files are complete. */
  completed: string[];
  /** A step that stopped on the way, and how far it had come. */
  partial: { step: string; at: number } | null;
  /** Length of log.jsonl at this moment. */
  logBytes: number;
}

/** A run's memory of what is done. A step is a name; its results are files of the run folder. */
export interface Checkpoints {
  readonly log: RunLog;
  isDone(step: string): boolean;
  /** How far an interrupted step had come when it last called `reach`; 0 for a step not begun. */
  reached(step: string): number;
  /** Remembers that `step` has done `at` units of work whose state is on the disk. */
  reach(step: string, at: number): Promise<void>;
  /** Runs `work` unless the step is done, then remembers it. */
  once(step: string, work: () => Promise<void>): Promise<void>;
}

/** Opens the checkpoints of a run, new or resumed; the log is cut back to the last of them. */
export async function openCheckpoints(folder: RunFolder): Promise<Checkpoints> {
  const progress = await readProgress(folder.progress);
  const log = openRunLog(folder.log, progress.logBytes);
  const save = async (): Promise<void> => {
    progress.logBytes = log.flush();
    await writeFileAtomic(folder.progress, `${JSON.stringify(progress, null, 2)}\n`);
  };
  return {
    log,
    isDone: (step) => progress.completed.includes(step),
    reached: (step) => (progress.partial?.step === step ? progress.partial.at : 0),
    async reach(step, at) {
      progress.partial = { step, at };
      await save();
    },
    async once(step, work) {
      if (progress.completed.includes(step)) return;
      await work();
      progress.completed.push(step);
      progress.partial = null;
      await save();
    },
  };
}

async function readProgress(path: string): Promise<Progress> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Progress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { completed: [], partial: null, logBytes: 0 };
    throw error;
  }
}
