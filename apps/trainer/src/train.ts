import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { readDataset, writeDataset, type PreparedDataset } from '@expctr/data';
import { evaluateRun, type Metrics } from '@expctr/eval';
import { openArtifacts, timed, type RunFolder } from '@expctr/run';
import { optionsOf } from './config/config-schema.js';
import type { Settings } from './config/resolve.js';
import { dataSection } from './config/schema.js';
import { createFeatureStore } from './pipeline/feature-store.js';
import { runMethod } from './pipeline/method.js';
import { loadModels, type Models } from './pipeline/models.js';
import { pinModels } from './pipeline/pin-models.js';
import { warn, type Pipeline } from './pipeline/pipeline.js';
import { checkPrompts, cutWarning } from './pipeline/prompt-check.js';
import type { RunData } from './pipeline/run-data.js';
import { promptsOf } from './pipeline/run-prompts.js';
import type { Subject } from './pipeline/speech.js';
import { createRunFolder } from './run/open-run.js';
import { silentProgress, type Progress } from './run/progress.js';

/** What {@link train} is told besides the settings. */
export interface TrainOptions {
  /** A new folder, or that of a run to go on with. It is made when data and models have been read without error. */
  readonly folder: RunFolder;
  /** Default: silent. */
  readonly progress?: Progress;
  /** Abort it to stop at the next point from which the run can go on; `train` then throws {@link Interrupted}. */
  readonly signal?: AbortSignal;
}

/**
 * One run from data to report. Called again on the same folder it goes on where it stopped, and ends with the same files.
 * @param settings as `resolveConfig` gives them, plug-ins of one's own included
 * @throws ExpctrError naming what is missing or wrong and how to mend it
 */
export function train(settings: Settings, options: TrainOptions): Promise<Metrics> {
  return withPipeline(settings, options, async (pipeline) => {
    await runMethod(pipeline);
    const { folder } = pipeline.run;
    return timed(folder, 'report', () => evaluateRun(folder.root));
  });
}

/** Loads data and models, opens the run folder, and gives all to `work`; everything is closed when it ends. */
export async function withPipeline<T>(
  asked: Settings,
  { folder, progress = silentProgress, signal }: TrainOptions,
  work: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  const settings = await pinModels(asked, progress, signal);
  const { config } = settings;
  const temporary = await mkdtemp(join(tmpdir(), 'expctr-inputs-'));
  const temporaryFolder = (): Promise<string> => mkdtemp(join(temporary, 'made-'));
  try {
    // The first artifact says that the tables are complete and that what was to be said of them stands in the log.
    const prepared = existsSync(folder.progress) ? null : await prepareData(settings, temporaryFolder);
    const subject = prepared === null ? await readDataset(folder.data) : subjectOf(prepared);
    const models = await loadModels(settings, folder, temporaryFolder, subject);
    try {
      if (prepared !== null) {
        const { interactions } = prepared;
        checkPrompts({ config, models, subject, interactions, prompts: promptsOf(config, models, subject, interactions) });
      }
      if (prepared !== null) await createRunFolder(folder, config);
      const artifacts = await openArtifacts(folder);
      const run = { ...settings, rng: createRng(config.seed), folder, artifacts, progress, signal };
      try {
        await artifacts.once('data', async () => {
          const made = prepared ?? (await prepareData(settings, temporaryFolder));
          const cut = cutWarning(subject, config);
          // dataset and model may both say what holds for the two
          const all = [...made.warnings, ...models.notices, ...(cut === null ? [] : [cut])];
          const said = new Map(all.map((warning) => [`${warning.code} ${warning.message}`, warning]));
          for (const { code, message } of said.values()) warn(run, code, message);
          await writeDataset(folder.data, made);
        });
        return await work({ run, models, data: await readData(settings, folder, models) });
      } finally {
        artifacts.log.close();
      }
    } finally {
      await models.dispose();
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The dataset that the configuration names, read or made. */
export function prepareData({ config, registry }: Settings, temporaryFolder: () => Promise<string>): Promise<PreparedDataset> {
  const dataset = registry.datasets.find(({ name }) => name === config.dataset)!;
  const { onBadRow, ...data } = optionsOf(dataSection, config.data);
  const { dataDir, seed } = config;
  return dataset.prepare({ dataDir, seed, onBadRow, data, options: optionsOf(dataset.options, config.data), temporaryFolder });
}

/** What prompts speak of in a dataset that is prepared. */
export function subjectOf({ card, items }: PreparedDataset): Subject {
  return { words: card.words, items };
}

async function readData({ config, registry }: Settings, folder: RunFolder, models: Models): Promise<RunData> {
  const { interactions, items, truth, words } = await readDataset(folder.data);
  return {
    interactions,
    items,
    truth,
    features: createFeatureStore(interactions, items, registry.backbones),
    prompts: promptsOf(config, models, { words, items }, interactions),
  };
}
