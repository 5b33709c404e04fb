// A factorization machine fitted for an epoch on ratings that are read as they are needed, beside the same with all of them in memory.
// usage: npm run bench -- ctr-stream [RATINGS] [--buffer 1000000] [--prepared FOLDER] [--folder FOLDER]
//   RATINGS     default 2,000,000: MovieLens-shaped, prepared as by expctr-data
//   --buffer    rows in memory at a time
//   --prepared  a prepared dataset instead; only streamed, as it may not fit into memory
//   --folder    where to write; default: a temporary folder, deleted at the end
// Peak is the largest resident set; of it, what was there before the work stands beside it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareIntoFolder } from '@expctr/data';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { lastJson, printed, scriptCommand } from '../common/scripts.js';
import { writeMovieLens20M } from '../generators/movielens-20m.js';
import type { StreamFigures } from './ctr-stream-ours.js';

const { values, positionals } = toolArguments(
  { buffer: { type: 'string', default: '1000000' }, prepared: { type: 'string' }, folder: { type: 'string', default: tmpdir() } },
  1,
);
const ratings = wholeNumber('RATINGS', positionals[0] ?? '2000000');
const buffer = wholeNumber('--buffer', values.buffer);
const script = join(import.meta.dirname, 'ctr-stream-ours.ts');

console.log(processor());
if (values.prepared !== undefined) await show('streamed', values.prepared, buffer);
else {
  const folder = await mkdtemp(join(values.folder, 'expctr-bench-'));
  try {
    await writeMovieLens20M({ folder, ratings });
    const prepared = join(folder, 'prepared');
    await prepareIntoFolder(prepared, { dataset: 'movielens', dataDir: folder });
    await show('streamed', prepared, buffer);
    await show('in memory', prepared, Number.MAX_SAFE_INTEGER);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function show(name: string, prepared: string, bufferRows: number): Promise<void> {
  const command = scriptCommand(script, join(prepared, 'interactions.arrow'), String(bufferRows));
  const { rows, opening, epoch, loadedMB, peakMB } = lastJson<StreamFigures>(await printed(command));
  console.log(
    `${name}: ${rows} rows, opened in ${opening} s, an epoch ${epoch} s (${Math.round(rows / epoch)} rows/s), peak ${peakMB} MB (${loadedMB} before)`,
  );
}
