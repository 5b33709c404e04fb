import { appendFile } from 'node:fs/promises';
import type { Parts } from './parts.js';

/** Runs a part of a run and notes in `timing.jsonl` how long it took and the peak memory of the process so far. */
export async function timed<T>({ folder }: Pick<Parts, 'folder'>, name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const line = {
    name,
    seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  await appendFile(folder.timing, `${JSON.stringify(line)}\n`);
  return result;
}
