import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { readDataset, TemplateError } from '@expctr/data';
import { FINAL, runFolder } from '@expctr/run';
import { explainRows, loadPolicy, POLICY, promptsOf, silentProgress, type PromptBook } from '@expctr/trainer';
import { pairDataset } from '../pairs/pair-dataset.js';
import type { Pair } from '../pairs/pair.js';
import { runSettings } from '../run/settings.js';
import type { WrittenPair } from './messages.js';

/** The language model of a run in this process. */
export interface PairWriter {
  /** Explains pairs as the run explained its rows. @param onText told of what was written so far of each */
  explain(pairs: readonly Pair[], onText: (at: number, text: string) => void): Promise<WrittenPair[]>;
  /** Frees it. */
  dispose(): Promise<void>;
}

/** Loads the language model of a run with the adapter that the run trained. */
export async function openPairWriter(root: string): Promise<PairWriter> {
  const folder = runFolder(root);
  const settings = await runSettings(folder);
  const { config } = settings;
  const dataset = await readDataset(folder.data);
  const temporary = await mkdtemp(join(tmpdir(), 'expctr-model-'));
  const models = await loadPolicy(settings, () => mkdtemp(join(temporary, 'made-')), dataset);
  await rm(temporary, { recursive: true, force: true });
  await models.policy.adapters.load(folder.adapter(FINAL), POLICY);
  const run = { config, rng: createRng(config.seed), progress: silentProgress, signal: undefined, folder };
  return {
    async explain(pairs, onText) {
      const { interactions, items, rows } = pairDataset(pairs);
      const prompts = promptsOf(config, models, { words: dataset.words, items }, interactions);
      const tokens = pairs.map((): number[] => []);
      const fitting = rows.filter((row) => fits(prompts, row));
      const { explanation, read } = await explainRows({ run, data: { prompts }, models: { ...models, sampler: models.policy } }, fitting, {
        adapter: POLICY,
        stage: FINAL,
        iteration: config.iterations,
        onToken(row, token) {
          const at = rows.indexOf(row);
          tokens[at]!.push(token);
          onText(at, models.policy.tokenizer.decodeText(tokens[at]!));
        },
      });
      return Array.from(rows, (row) => {
        const at = fitting.indexOf(row);
        return at < 0 ? null : { text: explanation[at]!, read: read[at]! };
      });
    },
    dispose: () => models.policy.dispose(),
  };
}

/** Whether a pair fits into a prompt, by leaving out the oldest of its history where there is too much of it. */
function fits(prompts: PromptBook, row: number): boolean {
  try {
    prompts.tokens(row);
    return true;
  } catch (error) {
    if (error instanceof TemplateError && error.code === 'PROMPT_TOO_LONG') return false;
    throw error;
  }
}
