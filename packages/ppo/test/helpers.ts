import { createRng } from '@expctr/core';
import type { StepOptions, TokenBatch, TrainablePolicy } from '@expctr/language-model/training';
import { createLearner, type Learner, type LearnerOptions, type LearnerWarning, type Schedule, type ScoreFunction } from '../src/index.js';
import { EOS, type BigramPolicy } from './bigram-policy.js';

/** Prompts of different lengths, some holding the stop token. */
export const PROMPTS: readonly (readonly number[])[] = [[3], [1, 2, 0, 4], [5, 6, 7, 1, 2, 3, 4], [2, 2]];

/** The reward of most tests: the share of token 5 in the response. */
export const shareOf =
  (token: number): ScoreFunction =>
  (completions) =>
    Promise.resolve(completions.map(({ tokens }) => tokens.filter((each) => each === token).length / tokens.length));

/** What a test may set of a learner's configuration: the loop's options and any algorithm's. */
export type TestConfig = Readonly<Record<string, unknown>> & { readonly learningRate?: Schedule };

/** Several epochs and small micro-batches, so that one update meets everything. */
const DEMANDING = { completionsPerPrompt: 3, learningRate: 0.02, epochs: 4, microBatchSize: 8, missingStopPenalty: 1 };

/** A learner on a bigram policy, with what it warned of. */
export async function learnerOf(
  policy: TrainablePolicy,
  config: TestConfig = {},
  options: Partial<Omit<LearnerOptions, 'policy' | 'config'>> = {},
): Promise<{ ppo: Learner; warnings: LearnerWarning[] }> {
  const warnings: LearnerWarning[] = [];
  const ppo = await createLearner({
    algorithm: 'ppo',
    policy,
    config: { maxNewTokens: 8, stopTokenIds: [EOS], ...DEMANDING, ...config },
    reference: 'base',
    rng: createRng('learner'),
    onWarning: (warning) => warnings.push(warning),
    ...options,
  });
  return { ppo, warnings };
}

/** `count` updates on {@link PROMPTS}; the last one's report. */
export async function updates(ppo: Learner, count: number, score: ScoreFunction = shareOf(5), from = 0) {
  let report = await ppo.update({ prompts: PROMPTS, score, step: from });
  for (let step = from + 1; step < from + count; step += 1) report = await ppo.update({ prompts: PROMPTS, score, step });
  return report;
}

/** What a compiled step was given. */
export interface StepCall {
  readonly batches: readonly TokenBatch[];
  readonly options: StepOptions;
}

/** A policy whose steps are recorded, and changed by `alter` on their way. */
export function spied(
  policy: BigramPolicy,
  alter: (batch: TokenBatch) => TokenBatch = (batch) => batch,
): { policy: TrainablePolicy; steps: StepCall[] } {
  const steps: StepCall[] = [];
  return {
    steps,
    policy: {
      ...policy,
      compileStep: async (loss, optimizer, extra) => {
        const step = await policy.compileStep(loss, optimizer, extra);
        return {
          ...step,
          run: (batches, options = {}) => {
            steps.push({ batches, options });
            return step.run(batches.map(alter), options);
          },
        };
      },
    },
  };
}

/** All values of a column over the batches of one step, in order. */
export function column({ batches }: StepCall, name: string): Float32Array[] {
  return batches.flatMap(({ columns }) => [...(columns?.[name] ?? [])]);
}

/** Puts an adapter away from zero, as one that was trained before. */
export function disturb(policy: BigramPolicy, name = 'default', scale = 0.5): void {
  const rng = createRng('disturb');
  policy.adapters.set(
    name,
    policy.adapters.get(name).map(() => scale * rng.normal()),
  );
}

/** Mean and population variance over all values. */
export function moments(rows: readonly Float32Array[]): { mean: number; variance: number } {
  const all = rows.flatMap((row) => [...row]);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return { mean, variance: all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length };
}
