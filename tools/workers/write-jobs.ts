// Jobs over the generated dataset and the generated language model: gibberish, but every kind of work.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDataset } from '@expctr/data';
import { prepareData, resolveConfig } from '@expctr/trainer';

// one sequence at a time: so it is said four times in a chunk how far it is
const llm = { maxNewTokens: 64, maxPromptTokens: 160, batchSize: 1, temperature: 1 };
const common = { format: 'expctr-job/1', chunkRows: 16 };

const JOBS = {
  explain: { ...common, kind: 'explain', inputs: { data: 'data' }, model: 'generated', settings: { llm } },
  read: {
    ...common,
    kind: 'read',
    inputs: { data: 'data', explanations: 'explain/explain.arrow' },
    model: 'generated',
    settings: { llm: { ...llm, batchSize: 16 }, reader: { form: 'continuation' } },
  },
  encode: { ...common, kind: 'encode', inputs: { texts: 'explain/explain.arrow' }, model: 'static' },
} as const;

/** In an order in which each finds its inputs. */
export const KINDS = Object.keys(JOBS);

/** Writes the dataset and a job of each kind into a folder. */
export async function writeJobs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const settings = await resolveConfig({ preset: 'demo', sets: ['data.maxInteractions=600', 'data.history.length=3'] });
  const made = await mkdtemp(join(folder, 'made-'));
  await writeDataset(join(folder, 'data'), await prepareData(settings, () => mkdtemp(join(made, 'data-'))));
  await rm(made, { recursive: true });
  for (const [name, job] of Object.entries(JOBS)) await writeFile(join(folder, `${name}.json`), JSON.stringify(job, null, 2));
}
