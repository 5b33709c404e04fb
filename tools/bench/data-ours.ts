// Our side of tools/bench/data.ts. Arguments: FOLDER OUT. Prints DataFigures as JSON.
import { prepareIntoFolder } from '@expctr/data';

/** What each side prints. */
export interface DataFigures {
  /** Rows kept. */
  readonly rows: number;
  /** Wall and processor time from the first byte read to the last written. */
  readonly seconds: number;
  readonly cpu: number;
  /** Largest resident set before the work, when all libraries are loaded, and in all. */
  readonly loadedMB: number;
  readonly peakMB: number;
}

const [folder = '', out = ''] = process.argv.slice(2);
const before = process.resourceUsage();
const began = performance.now();
const { card } = await prepareIntoFolder(out, { dataset: 'movielens', dataDir: folder });
const seconds = (performance.now() - began) / 1000;
const after = process.resourceUsage();
const microseconds = after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime;
const figures: DataFigures = {
  rows: card.rows,
  seconds: Number(seconds.toFixed(3)),
  cpu: Number((microseconds / 1e6).toFixed(2)),
  loadedMB: Math.round(before.maxRSS / 1024),
  peakMB: Math.round(after.maxRSS / 1024),
};
console.log(JSON.stringify(figures));
