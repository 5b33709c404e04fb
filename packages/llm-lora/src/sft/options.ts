import { atMost } from '@expctr/core';
import { z } from 'zod';
import { SftError } from './errors.js';

const whole = (least: number, most: number, why: string): z.ZodInt => z.int().min(least).max(most, atMost(most, why));
const LONGEST = 'no training is that long';

/** How a model is fine-tuned: what decides the adapter that comes out, besides the examples. */
export const sftOptions = z.strictObject({
  epochs: whole(1, 100_000, LONGEST).default(3).describe('passes over the examples'),
  maxSteps: whole(0, 1_000_000_000, LONGEST).default(0).describe('at most so many updates; 0 = as the epochs have'),
  batchSize: whole(1, 1_000_000, 'they are held in memory').default(16).describe('examples of one update, whatever goes in at a time'),
  learningRate: z
    .number()
    .positive()
    .max(100, atMost(100, 'nothing is learned beyond'))
    .default(2e-4)
    .describe('largest step size of AdamW'),
  schedule: z
    .enum(['constant', 'linear', 'cosine'])
    .default('linear')
    .describe('how the step size goes on after the warm-up: as it is, or down to 0 at the last update'),
  warmup: z
    .number()
    .min(0)
    .max(1, atMost(1, 'that is all of them'))
    .default(0)
    .describe('share of the updates in which the step size rises from 0'),
  weightDecay: z.number().min(0).max(1000, atMost(1000, 'nothing would be left')).default(0).describe('decoupled weight decay of AdamW'),
  beta1: z.number().min(0).max(0.9999999, 'must be below 1').default(0.9).describe('decay of the first moment of AdamW'),
  beta2: z.number().min(0).max(0.9999999, 'must be below 1').default(0.999).describe('decay of the second moment of AdamW'),
  epsilon: z
    .number()
    .positive()
    .max(1, atMost(1, 'no step would be left'))
    .default(1e-8)
    .describe('added to the root of the second moment'),
  maxGradientNorm: z
    .number()
    .min(0)
    .max(1e9, atMost(1e9, 'nothing is clipped beyond'))
    .default(1)
    .describe('a gradient of a larger norm is scaled down to it; 0 = never'),
  learn: z.enum(['responses', 'all']).default('responses').describe('which tokens the loss is over: those of responses, or of prompts too'),
  maxTokens: whole(0, 1e9, 'no context is longer').default(0).describe('longest example in tokens; 0 = the context of the model'),
  tooLong: z
    .enum(['refuse', 'truncate', 'skip'])
    .default('refuse')
    .describe('what becomes of a longer one: an error, its beginning, or nothing'),
  pack: z.boolean().default(true).describe('put several examples into one sequence, each seeing itself alone'),
  shuffle: z.boolean().default(true).describe('another order of the examples in each epoch'),
  seed: whole(0, 2 ** 53 - 1, 'seeds end there')
    .default(0)
    .describe('decides the orders and a new adapter'),
  evaluateEvery: whole(0, 1_000_000_000, LONGEST).default(0).describe('updates between two evaluations; 0 = one after each epoch'),
  patience: whole(0, 1_000_000, LONGEST)
    .default(0)
    .describe('evaluations in a row without a new best after which training ends; 0 = it goes to the end'),
  keepBest: z.boolean().default(true).describe('give back the adapter of the best evaluation, where there are examples to evaluate'),
  checkpointEvery: whole(1, 1_000_000_000, LONGEST).default(50).describe('updates between two checkpoints, where there is a folder'),
});

/** Options of a fine-tuning, none left out. */
export type SftSettings = z.output<typeof sftOptions>;

/** As {@link SftSettings}; what is left out has its default. */
export type SftOptions = z.input<typeof sftOptions>;

/** @throws SftError `SFT_OPTION` naming the option */
export function parseSftOptions(options: SftOptions): SftSettings {
  const result = sftOptions.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.join('.') || 'options of a fine-tuning';
  throw new SftError('SFT_OPTION', issue.message, { where, wrongUse: true });
}
