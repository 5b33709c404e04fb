import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { readDataset, writeDataset } from '@expctr/data';
import { evaluateRun, type Metrics } from '@expctr/eval';
import { TRUTH_FILE, writeTruth } from '@expctr/testbed';
import type { Config } from './config/schema.js';
import { findInputs } from './pipeline/inputs.js';
import { loadModels } from './pipeline/load.js';
import { runMethod } from './pipeline/method.js';
import { warn, type Parts } from './pipeline/parts.js';
import { createPromptBook } from './pipeline/prompt-book.js';
import { timed } from './pipeline/timed.js';
import { openCheckpoints } from './run/checkpoints.js';
import { silentProgress, type Progress } from './run/progress.js';
import { createRunFolder, type RunFolder } from './run/run-folder.js';

/** What {@link train} is told besides the configuration. */
export interface TrainOptions {
  /** A new folder, or that of a run to go on with. It is made when data and models have been read without error. */
  readonly folder: RunFolder;
  readonly progress?: Progress;
  /** Abort it to stop at the next point from which the run can go on; `train` then throws {@link Interrupted}. */
  readonly signal?: AbortSignal;
}

/**
 * One run from data to report. Called again on the same folder it goes on where it stopped, and ends with the same files.
 * @throws ExpctrError naming what is missing or wrong and how to mend it
 */
export function train(config: Config, options: TrainOptions): Promise<Metrics> {
  return withParts(config, options, async (parts) => {
    await runMethod(parts);
    return timed(parts, 'report', () => evaluateRun(parts.folder.root));
  });
}

/** Loads data and models, opens the run folder, and gives both to `work`; everything is closed when it ends. */
export async function withParts<T>(
  config: Config,
  { folder, progress = silentProgress, signal }: TrainOptions,
  work: (parts: Parts) => Promise<T>,
): Promise<T> {
  const inputs = await findInputs(config);
  try {
    // The first checkpoint says that the tables are complete and that what was to be said of them stands in the log.
    const stored = existsSync(folder.progress) ? await readDataset(folder.data) : undefined;
    const prepared = stored ? undefined : await inputs.prepare();
    const { interactions, items } = stored ?? prepared!;
    const { form, ...models } = await loadModels(config, inputs);
    if (!stored) await createRunFolder(folder, config);
    const checkpoints = await openCheckpoints(folder);
    try {
      const parts: Parts = {
        ...models,
        statements: inputs.language.statements,
        config,
        folder,
        checkpoints,
        progress,
        signal,
        rng: createRng(config.seed),
        interactions,
        items,
        prompts: createPromptBook({
          interactions,
          items,
          form,
          template: models.templates.explanation,
          tokenizer: models.tokenizer,
          maxTokens: Math.min(config.llm.maxPromptTokens, models.policy.config.maxPositions - config.llm.maxNewTokens),
        }),
      };
      await checkpoints.once('data', async () => {
        for (const { code, message } of [...(prepared?.warnings ?? []), ...inputs.notices]) warn(parts, code, message);
        if (prepared) await writeDataset(folder.data, prepared);
        if (prepared?.truth) await writeTruth(join(folder.data, TRUTH_FILE), prepared.truth);
      });
      return await work(parts);
    } finally {
      checkpoints.log.close();
      await models.policy.dispose();
      await models.encoder.dispose?.();
    }
  } finally {
    await inputs.dispose();
  }
}
