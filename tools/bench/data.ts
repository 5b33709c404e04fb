// MovieLens-shaped ratings from CSV to finished Arrow tables: 5-core, labels, chronological split, histories of 20.
// usage: npm run bench -- data [RATINGS] [--rounds 3] [--python PYTHON] [--folder FOLDER]
//   RATINGS    default 2,000,000; the size of MovieLens 20M is 20000263 (5 GB on the disk, and pandas wants 8 GB of memory);
//              100000000 takes 14 GB on the disk, and ours 4 GB of memory
//   --python   an interpreter with pandas, polars and pyarrow: their programs run in turn with ours, and the rows are compared
//   --folder   where to write; default: a temporary folder, deleted at the end
// Time is to the last byte written, flush to the disk included. Peak is the largest resident set; of it, what was there before the work
// (the libraries, and with ours the loader of TypeScript) stands beside it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { inTurn, median, processor } from '../common/measure.js';
import { lastJson, printed, scriptCommand, type Command } from '../common/scripts.js';
import { writeMovieLens20M } from '../generators/movielens-20m.js';
import type { DataFigures } from './data-ours.js';

const { values, positionals } = toolArguments(
  { rounds: { type: 'string', default: '3' }, python: { type: 'string' }, folder: { type: 'string', default: tmpdir() } },
  1,
);
const { python } = values;
const ratings = wholeNumber('RATINGS', positionals[0] ?? '2000000');
const rounds = wholeNumber('--rounds', values.rounds);
const here = import.meta.dirname;
const OURS = 'expctr';
const commands = new Map<string, Command>([[OURS, scriptCommand(join(here, 'data-ours.ts'))]]);
if (python !== undefined) {
  commands.set('pandas', [python, join(here, 'data_pandas.py')]);
  commands.set('polars', [python, join(here, 'data_polars.py')]);
}

const folder = await mkdtemp(join(values.folder, 'expctr-bench-'));
try {
  await writeMovieLens20M({ folder, ratings });
  const contestants = Object.fromEntries([...commands].map(([name, command]) => [name, (round: number) => once(name, command, round)]));
  const results = new Map(Object.entries(await inTurn(contestants, rounds)));
  console.log(processor());
  const ours = results.get(OURS)!;
  const secondsOf = (runs: readonly DataFigures[]): number => median(runs.map(({ seconds }) => seconds));
  console.log(`${ratings} ratings, ${ours[0]!.rows} rows kept, median of ${rounds}`);
  for (const [name, runs] of results) {
    const [cpu, loaded, peak] = (['cpu', 'loadedMB', 'peakMB'] as const).map((key) => median(runs.map((run) => run[key])));
    const seconds = secondsOf(runs);
    const ratio = name === OURS ? '' : `  ${(seconds / secondsOf(ours)).toFixed(2)} times ours`;
    console.log(
      `${name.padEnd(8)}${seconds.toFixed(2).padStart(8)} s  CPU ${cpu!.toFixed(1).padStart(6)} s  peak ${String(peak).padStart(6)} MB (${loaded} before)${ratio}`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** One run of a contestant. What it wrote is compared with ours in the first round, and then deleted. */
async function once(name: string, command: Command, round: number): Promise<DataFigures> {
  const out = join(folder, name);
  await rm(out, { recursive: true, force: true });
  const figures = lastJson<DataFigures>(await printed(command, folder, out));
  if (name === OURS) return figures;
  if (round === 0 && python !== undefined) {
    const tables = [OURS, name].map((one) => join(folder, one, 'interactions.arrow'));
    console.log(`${name}: ${(await printed([python, join(here, 'data_equal.py')], ...tables)).trim()}`);
  }
  await rm(out, { recursive: true, force: true });
  return figures;
}
