import { writeFileAtomic } from '@expctr/core';
import type { Codec } from './codecs.js';
import { openEventLog, type EventLog } from './event-log.js';
import { parseObject, readText } from './json-lines.js';
import type { RunFolder } from './run-folder.js';

/** A run's memory: what was made once is found again, in this process or after a kill at any moment. */
export interface Artifacts {
  /** Lines that were written since the last artifact or checkpoint are lost in a kill, with the work that they tell of. */
  readonly log: EventLog;
  /**
   * The artifact of that name: read where an earlier attempt of this run has finished it, else made, written, and only then
   * remembered as done.
   */
  artifact<T>(name: string, make: () => Promise<T>, codec: Codec<T>): Promise<T>;
  /** Work that leaves nothing but its lines in the log. */
  once(name: string, work: () => Promise<void>): Promise<void>;
  /** Whether the artifact of that name is complete. */
  has(name: string): boolean;
  /** How far the making of an unfinished artifact had come when it last called `reach`; 0 where it did not. */
  reached(name: string): number;
  /** Remembers that `name` has come to `at`, and that the state that goes with it is on the disk. */
  reach(name: string, at: number): Promise<void>;
}

interface Progress {
  /** Artifacts whose files are complete. */
  completed: string[];
  /** Artifacts that stopped on the way, and how far they had come. */
  partial: Record<string, number>;
  /** Length of log.jsonl at this moment. */
  logBytes: number;
}

/** Opens the artifacts of a run, new or resumed; the log is cut back to the last of them. @throws RunFolderError `RUN_BAD_LINE` */
export async function openArtifacts(folder: Pick<RunFolder, 'progress' | 'log'>): Promise<Artifacts> {
  const progress = await readProgress(folder.progress);
  const log = openEventLog(folder.log, progress.logBytes);
  const save = async (): Promise<void> => {
    progress.logBytes = log.flush();
    await writeFileAtomic(folder.progress, `${JSON.stringify(progress, null, 2)}\n`);
  };
  const finish = async (name: string): Promise<void> => {
    progress.completed.push(name);
    delete progress.partial[name];
    await save();
  };
  const has = (name: string): boolean => progress.completed.includes(name);
  return {
    log,
    has,
    async artifact(name, make, codec) {
      if (has(name)) return codec.read();
      const value = await make();
      await codec.write(value);
      await finish(name);
      return value;
    },
    async once(name, work) {
      if (has(name)) return;
      await work();
      await finish(name);
    },
    reached: (name) => progress.partial[name] ?? 0,
    async reach(name, at) {
      progress.partial[name] = at;
      await save();
    },
  };
}

async function readProgress(path: string): Promise<Progress> {
  const text = await readText(path);
  const empty: Progress = { completed: [], partial: {}, logBytes: 0 };
  return text === null ? empty : { ...empty, ...parseObject(text, path) };
}
