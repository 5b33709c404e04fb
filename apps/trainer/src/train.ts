import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng, checkOptions, type OptionKeys } from '@expctr/core';
import type { ItemVectors } from '@expctr/ctr-models';
import { readDataset, writeDataset, type PreparedDataset, type StoredDataset } from '@expctr/data';
import { evaluateRun, type Metrics } from '@expctr/eval';
import { inRunFolder, type RunFolder, type RunLock } from '@expctr/run';
import { checkBeforehand } from './checks/check-beforehand.js';
import { optionsOf } from './config/config-schema.js';
import type { Settings } from './config/resolve.js';
import { dataSection } from './config/schema.js';
import { createFeatureStore } from './pipeline/feature-store.js';
import { itemImages } from './pipeline/item-images.js';
import { runMethod } from './pipeline/method.js';
import { loadModels, type Models } from './pipeline/models.js';
import { pinModels } from './pipeline/pin-models.js';
import { warn, type Pipeline } from './pipeline/pipeline.js';
import { checkPrompts } from './pipeline/prompt-check.js';
import type { RunData } from './pipeline/run-data.js';
import { promptsOf } from './pipeline/run-prompts.js';
import type { Subject } from './pipeline/speech.js';
import { codeVersion, openRun, readyRun } from './run/begin-run.js';
import { dataInput, modelInputs, requireSameInputs } from './run/inputs.js';
import { silentProgress, type Progress } from '@expctr/app-kit';

/** What {@link train} is told besides the settings. */
export interface TrainOptions {
  /** A new folder, or that of a run to go on with. One in which nothing came to be, because data or models are wrong, is removed. */
  readonly folder: RunFolder;
  /** Makes anew what is damaged, and what was made after it. Default false: damage is an error. */
  readonly repair?: boolean;
  /** Default: silent. */
  readonly progress?: Progress;
  /** Abort it to stop at the next point from which the run can go on; `train` then throws {@link Interrupted}. */
  readonly signal?: AbortSignal;
}

const TRAIN_OPTIONS: OptionKeys<TrainOptions> = { folder: true, repair: true, progress: true, signal: true };

/**
 * One run from data to report. Called again on the same folder it goes on where it stopped, and ends with the same files.
 * @param settings as `resolveConfig` gives them, plug-ins of one's own included
 * While it works it holds the folder's lock.
 * @throws ExpctrError naming what is missing or wrong and how to mend it
 */
export async function train(settings: Settings, options: TrainOptions): Promise<Metrics> {
  checkOptions('train', options, TRAIN_OPTIONS);
  return withPipeline(settings, options, async (pipeline) => {
    await runMethod(pipeline);
    // not timed: the report shows timing.jsonl, and evaluating again must give the same bytes
    return evaluateRun(pipeline.run.folder.root);
  });
}

/** Loads data and models, opens the run folder, and gives all to `work`; everything is closed when it ends. */
export async function withPipeline<T>(asked: Settings, options: TrainOptions, work: (pipeline: Pipeline) => Promise<T>): Promise<T> {
  const { folder, progress = silentProgress, signal, repair = false } = options;
  const settings = await readySettings(asked, folder, progress, signal);
  return inRunFolder(
    folder,
    async (lock) => {
      if (lock.takenOver !== null) progress.say(`took over the lock of process ${lock.takenOver.pid}, which is gone`);
      const temporary = await mkdtemp(join(tmpdir(), 'expctr-inputs-'));
      try {
        return await withModels(
          settings,
          { folder, progress, signal, repair, lock, temporaryFolder: () => mkdtemp(join(temporary, 'made-')) },
          work,
        );
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    },
    { repair },
  );
}

/** The settings, checked as far as can be before anything is done, with models that are on this machine. */
async function readySettings(asked: Settings, folder: RunFolder, progress: Progress, signal: AbortSignal | undefined): Promise<Settings> {
  try {
    await checkBeforehand(asked, folder);
    return await pinModels(asked, progress, signal);
  } catch (error) {
    await rmdir(folder.root).catch(() => undefined); // it was made to have a name of its own; one that holds anything stays
    throw error;
  }
}

interface HeldFolder extends Required<Pick<TrainOptions, 'folder' | 'progress' | 'repair'>> {
  readonly lock: RunLock;
  readonly signal: AbortSignal | undefined;
  readonly temporaryFolder: () => Promise<string>;
}

async function withModels<T>(
  settings: Settings,
  { folder, progress, signal, repair, lock, temporaryFolder }: HeldFolder,
  work: (pipeline: Pipeline) => Promise<T>,
): Promise<T> {
  const { config } = settings;
  const begun = await readyRun(folder, config, repair, (text) => progress.say(text));
  // The first artifact says that the tables are complete and that what was to be said of them stands in the log.
  const isPrepared = begun?.completed.some(({ name }) => name === 'data') === true;
  const prepared = isPrepared ? null : await prepareData(settings, temporaryFolder);
  const stored = prepared === null ? await readDataset(folder.data) : null;
  const subject = stored ?? subjectOf(prepared!);
  const models = await loadModels(settings, folder, temporaryFolder, subject);
  try {
    const noticed =
      prepared === null
        ? []
        : checkPrompts({
            config,
            models,
            subject,
            interactions: prepared.interactions,
            prompts: promptsOf(config, models, subject, prepared.interactions),
          });
    const inputs = {
      ...begun?.identity.inputs,
      ...(await modelInputs(models)),
      ...(prepared === null ? {} : { dataDir: dataInput(prepared) }),
    };
    if (begun !== null) requireSameInputs(begun.identity.inputs, inputs);
    const artifacts = await openRun(folder, lock, begun, { version: codeVersion, config, inputs });
    progress.say(`run folder: ${folder.root}`);
    const run = { ...settings, rng: createRng(config.seed), folder, artifacts, progress, signal };
    try {
      if (prepared !== null) {
        const write = async (): Promise<void> => {
          // dataset and model may both say what holds for the two
          const all = [...prepared.warnings, ...models.notices, ...noticed];
          const said = new Map(all.map((warning) => [`${warning.code} ${warning.message}`, warning]));
          for (const { code, message } of said.values()) warn(run, code, message);
          await writeDataset(folder.data, prepared);
        };
        await artifacts.once('data', write, [folder.data]);
      }
      const data = stored ?? (await readDataset(folder.data));
      return await work({ run, models, data: runDataOf(settings, models, data, await itemImages(run, data.items)) });
    } finally {
      artifacts.log.close();
    }
  } finally {
    await models.dispose();
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

function runDataOf(
  { config, registry }: Settings,
  models: Models,
  { interactions, items, truth, words }: StoredDataset,
  vectors: Readonly<Record<string, ItemVectors>>,
): RunData {
  return {
    interactions,
    items,
    truth,
    features: createFeatureStore(interactions, items, registry.backbones, { vectors, tables: config.ctr.tables }),
    prompts: promptsOf(config, models, { words, items }, interactions),
  };
}
