// The memory of a large embedding table: one of IDS hashed ids of dimension 16, fitted for an epoch, saved and loaded; each in a process.
// usage: npm run bench -- ctr-memory [IDS] [--optimizer adam] [--folder FOLDER]
//   IDS          default 1,000,000; 10000000 takes 2.5 GB of memory under adam, and 0.7 GB on the disk
//   --optimizer  of the table: adam, adagrad, rowwise-adagrad or sgd
//   --folder     where the model is saved; default: a temporary folder, deleted at the end
// Peak is the largest resident set. Beside it stands what has to be there: the table, and the optimizer's numbers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wholeNumber } from '../common/arguments.js';
import { processor } from '../common/measure.js';
import { lastJson, printed, scriptCommand } from '../common/scripts.js';
import type { MemoryFigures } from './ctr-memory-ours.js';
import { DIMENSION } from './ctr-work.js';

const { values, positionals } = toolArguments(
  { optimizer: { type: 'string', default: 'adam' }, folder: { type: 'string', default: tmpdir() } },
  1,
);
const ids = wholeNumber('IDS', positionals[0] ?? '1000000');
const { optimizer } = values;
const stateNumbers: Readonly<Record<string, number>> = { adam: 2 * (DIMENSION + 1), adagrad: DIMENSION + 1, 'rowwise-adagrad': 2, sgd: 0 };
const megabytes = (numbers: number): number => Math.round((4 * numbers * ids) / 2 ** 20);
const script = join(import.meta.dirname, 'ctr-memory-ours.ts');

const folder = await mkdtemp(join(values.folder, 'expctr-bench-'));
try {
  console.log(processor());
  const [table, state] = [megabytes(DIMENSION + 1), megabytes(stateNumbers[optimizer] ?? 0)];
  console.log(`${ids} ids of dimension ${DIMENSION} under ${optimizer}: table ${table} MB, optimizer ${state} MB`);
  const fitted = lastJson<MemoryFigures>(await printed(scriptCommand(script, 'fit', String(ids), optimizer, folder)));
  const loaded = lastJson<MemoryFigures>(await printed(scriptCommand(script, 'load', folder)));
  for (const [process, stages] of Object.entries({ fit: fitted, load: loaded })) {
    const before = stages['libraries']!.peakMB;
    for (const [stage, { peakMB, seconds }] of Object.entries(stages)) {
      if (stage === 'libraries') continue;
      console.log(
        `${process === 'fit' ? 'fitting process' : 'loading process'}, ${stage}: peak ${peakMB} MB (${before} before), ${seconds} s`,
      );
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
