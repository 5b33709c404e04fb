import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeMovieLensShaped, writeRandomLlama } from '@expctr/testbed';
import type { Config } from '../config/schema.js';

/** What `dataset` or `llm.model` says where the run is to make its own. */
export const GENERATED = 'generated';

/** Where a run's inputs lie. */
export interface Inputs {
  readonly dataset: string;
  readonly dataDir: string | null;
  readonly llm: string;
  /** True where the data or the language model were made by this run, and so show nothing about the world. */
  readonly generated: boolean;
  /** Removes what was generated. */
  dispose(): Promise<void>;
}

/**
 * The inputs that the configuration names; those called `generated` are made in a temporary folder, the same from the same seed:
 * a MovieLens-shaped set and a randomly initialized small Llama.
 */
export async function findInputs(config: Config): Promise<Inputs> {
  const [makeData, makeModel] = [config.dataset === GENERATED, config.llm.model === GENERATED];
  if (!makeData && !makeModel) {
    return { dataset: config.dataset, dataDir: config.dataDir, llm: config.llm.model, generated: false, dispose: () => Promise.resolve() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'expctr-generated-'));
  const [dataDir, llm] = [join(folder, 'movielens'), join(folder, 'llama')];
  if (makeData) await writeMovieLensShaped(dataDir, { users: 60, items: 120, seed: config.seed });
  if (makeModel) await writeRandomLlama(llm, { seed: config.seed });
  return {
    dataset: makeData ? 'movielens' : config.dataset,
    dataDir: makeData ? dataDir : config.dataDir,
    llm: makeModel ? llm : config.llm.model,
    generated: true,
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}
