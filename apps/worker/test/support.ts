import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTable, uint32Column, utf8Column, writeTable } from '@expctr/data';
import { makePlan } from '../src/plan/make-plan.js';
import type { PlacedPlan } from '../src/plan/plan.js';
import { parseJob } from '../src/job/read-job.js';

/** A new folder. */
export const freshFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'expctr-worker-'));

/** A table of so many texts, each of its own, in `texts.arrow` of a folder. */
export async function writeTexts(folder: string, count: number): Promise<string> {
  const file = join(folder, 'texts.arrow');
  const columns = [
    uint32Column(
      'interaction_id',
      Uint32Array.from({ length: count }, (_, row) => 1000 + row),
    ),
    utf8Column(
      'read',
      Array.from({ length: count }, (_, row) => `Because ${row} is liked, and ${row % 7} is not.`),
    ),
  ];
  await writeTable(file, buildTable('texts/1', count, columns));
  return file;
}

/** A job that encodes the texts of a folder; it needs no model. */
export function encodeJob(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { format: 'expctr-job/1', kind: 'encode', inputs: { texts: 'texts.arrow' }, model: 'hashed:8', ...changes };
}

/** The plan of a job over the files of a folder. */
export function planIn(folder: string, job: Readonly<Record<string, unknown>>, out = 'out'): Promise<PlacedPlan> {
  return makePlan({ job: parseJob(job, 'job.json'), folder, out: join(folder, out) });
}
