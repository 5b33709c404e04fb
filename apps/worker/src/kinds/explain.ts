import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import type { Explanations } from '@expctr/data';
import { explainRows, POLICY, promptsOf } from '@expctr/trainer';
import { explanationsForm } from './forms.js';
import type { Kind } from './kind.js';
import { planPaths } from './model-here.js';
import { countRows } from './part-rows.js';
import { openPolicy } from './policy.js';

/** An explanation of each interaction: the random stream of a row is named by the row, so its text does not depend on its chunk. */
export const explain: Kind<Explanations> = {
  description: 'an explanation for each interaction of a dataset, by a language model with its adapter (explanations/1)',
  idsAreRows: true,
  form: explanationsForm,
  count: (inputs) => countRows(join(inputs['data']!, 'interactions.arrow')),
  async open(placed, context) {
    const { settings, dataset, models, close } = await openPolicy(placed, context);
    const { config } = settings;
    const { stage, iteration } = placed.plan.options as { readonly stage: string; readonly iteration: number };
    const adapter = planPaths(placed)['adapter'];
    try {
      if (adapter !== undefined) await models.policy.adapters.load(adapter, POLICY);
    } catch (error) {
      await close();
      throw error;
    }
    return {
      close,
      rows(from, to) {
        const run = {
          config,
          rng: createRng(config.seed),
          progress: context.progress,
          signal: context.signal,
          folder: { checkpoint: (...path: readonly string[]) => join(tmpdir(), ...path) },
        };
        // made for these rows alone: a book keeps every prompt that it rendered
        const data = { prompts: promptsOf(config, models, dataset, dataset.interactions) };
        const rows = Uint32Array.from({ length: to - from }, (_, at) => from + at);
        return explainRows({ run, data, models: { ...models, sampler: models.policy } }, rows, {
          adapter: adapter === undefined ? null : POLICY,
          stage,
          iteration,
        });
      },
    };
  },
};
