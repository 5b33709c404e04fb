import { appendFile } from 'node:fs/promises';
import { withFileErrors } from '@expctr/core';
import { readJsonLines } from './json-lines.js';
import type { RunFolder } from './run-folder.js';

/** A line of `timing.jsonl`: how long a part of a run took. */
export interface TimingLine {
  /** The part. */
  readonly name: string;
  /** Wall time. */
  readonly seconds: number;
  /** Further figures, such as `peakMegabytes`, or the phases of an update. */
  readonly [figure: string]: unknown;
}

/** Appends a line to `timing.jsonl`. */
export async function writeTiming({ timing }: Pick<RunFolder, 'timing'>, line: TimingLine): Promise<void> {
  await withFileErrors(timing, () => appendFile(timing, `${JSON.stringify(line)}\n`));
}

/** Runs a part of a run and notes how long it took and the peak memory of the process so far. */
export async function timed<T>(folder: Pick<RunFolder, 'timing'>, name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  await writeTiming(folder, { name, seconds, peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024) });
  return result;
}

/** Lines of `timing.jsonl`; none where there is no such file. @throws RunFolderError `RUN_BAD_LINE` */
export function readTiming({ timing }: Pick<RunFolder, 'timing'>): Promise<Readonly<Record<string, unknown>>[]> {
  return readJsonLines(timing);
}
