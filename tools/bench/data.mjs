// MovieLens-shaped ratings from CSV to finished Arrow tables: 5-core, labels, chronological split, histories of 20.
// usage: node tools/bench/data.mjs [RATINGS] [--rounds 3] [--python PYTHON] [--folder FOLDER]
//   RATINGS    default 2,000,000; the size of MovieLens 20M is 20000263 (5 GB on the disk, and pandas wants 8 GB of memory)
//   --python   an interpreter with pandas, polars and pyarrow: their programs run in turn with ours, and the rows are compared
//   --folder   where to write; default: a temporary folder, deleted at the end
// Time is to the last byte written, flush to the disk included; peak is the largest resident set.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeMovieLens } from '../generators/movielens-20m-shaped.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, python: { type: 'string' }, folder: { type: 'string', default: tmpdir() } },
});
const ratings = Number(positionals[0] ?? 2_000_000);
const here = import.meta.dirname;
const contestants = { expctr: [process.execPath, join(here, 'data-ours.mjs')] };
if (values.python !== undefined) {
  contestants.pandas = [values.python, join(here, 'data_pandas.py')];
  contestants.polars = [values.python, join(here, 'data_polars.py')];
}

const folder = await mkdtemp(join(values.folder, 'expctr-bench-'));
try {
  await writeMovieLens({ folder, ratings });
  const results = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, [program, script]] of Object.entries(contestants)) {
      const out = join(folder, name);
      await rm(out, { recursive: true, force: true });
      const text = execFileSync(program, [script, folder, out], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
      results[name].push(JSON.parse(text.trim().split('\n').at(-1)));
      if (name === 'expctr') continue;
      if (round === 0) {
        const tables = ['expctr', name].map((one) => join(folder, one, 'interactions.arrow'));
        console.log(`${name}: ${execFileSync(values.python, [join(here, 'data_equal.py'), ...tables], { encoding: 'utf8' }).trim()}`);
      }
      await rm(out, { recursive: true, force: true });
    }
  }
  const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  const ours = median(results.expctr.map(({ seconds }) => seconds));
  console.log(`${ratings} ratings, ${results.expctr[0].rows} rows kept, median of ${values.rounds}`);
  for (const [name, runs] of Object.entries(results)) {
    const [seconds, cpu, peak] = ['seconds', 'cpu', 'peakMB'].map((key) => median(runs.map((run) => run[key])));
    const ratio = name === 'expctr' ? '' : `  ${(seconds / ours).toFixed(2)} times ours`;
    console.log(
      `${name.padEnd(8)}${seconds.toFixed(2).padStart(8)} s  CPU ${cpu.toFixed(1).padStart(6)} s  peak ${String(peak).padStart(6)} MB${ratio}`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
