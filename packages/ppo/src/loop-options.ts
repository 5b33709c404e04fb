import { z } from 'zod';

/** A number, or a function of the step (0, 1, 2, ...). */
export type Schedule = number | ((step: number) => number);

const count = z.int().min(1);

/**
 * Options of the update loop, the same for every algorithm. Each has a default; `maxNewTokens` and `stopTokenIds`, which
 * follow from the model and the task, are {@link rolloutLimits}.
 */
export const loopOptions = z.object({
  completionsPerPrompt: count
    .default(4)
    .describe('completions sampled for each prompt; more of them show which reasons, not which prompts, earn reward'),
  learningRate: z.number().min(0).default(1e-4).describe('step size of Adam for adapter and value head; 0 = nothing moves'),
  epochs: count.default(1).describe('passes over the rollouts of an update; more reuse them, and drift further from the sampling policy'),
  minibatches: count.default(1).describe('optimizer steps in a pass'),
  microBatchSize: count
    .default(16)
    .describe('completions whose activations are in memory together; it changes memory and speed, never the gradient'),
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe(
      'divides the logits of rollouts and of every log-probability; above 1 explores more (0 would be greedy, no sample of the policy)',
    ),
  topK: count.nullable().default(null).describe('tokens kept in sampling; null = all; anything else is no pure sample, and warns'),
  topP: z.number().positive().max(1).default(1).describe('probability mass kept in sampling; less than 1 is no pure sample, and warns'),
  missingStopPenalty: z
    .number()
    .min(0)
    .default(0.1)
    .describe('reward units taken off the score of a completion that did not end by itself; 0 lets completions run on'),
  ratioThreshold: z.number().gt(1).default(10).describe('a minibatch with a larger mean ratio is skipped and counted'),
  maxGradientNorm: z.number().positive().default(1).describe('the global gradient norm is clipped to this'),
});

/** What a caller must say, for it follows from the model and the task. */
export const rolloutLimits = z.object({
  maxNewTokens: count.describe('tokens of the longest completion, stop token included; time and memory grow in proportion'),
  stopTokenIds: z
    .array(z.int().min(0))
    .readonly()
    .describe('token ids that end a completion; may be empty, and then every completion runs to its full length'),
});

/** The loop's settings as a program gives them: `maxNewTokens` and `stopTokenIds`, and any of {@link loopOptions}. */
export type LoopConfig = z.input<typeof rolloutLimits> &
  Omit<z.input<typeof loopOptions>, 'learningRate'> & {
    /** Step size of Adam, a number or a function of the step. Default 1e-4. */
    readonly learningRate?: Schedule | undefined;
  };

/** {@link LoopConfig} with nothing left out. */
export type ResolvedLoopConfig = z.output<typeof rolloutLimits> &
  Omit<z.output<typeof loopOptions>, 'learningRate'> & { readonly learningRate: Schedule };
