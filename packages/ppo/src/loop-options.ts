import { atMost } from '@expctr/core';
import { z } from 'zod';

/** A number, or a function of the step (0, 1, 2, ...). */
export type Schedule = number | ((step: number) => number);

const upTo = (bound: number, why: string): z.ZodInt => z.int().min(1).max(bound, atMost(bound, why));
const WEIGHT = atMost(1e6, 'rewards and gradients are of the order of 1');

/**
 * Options of the update loop, the same for every algorithm. Each has a default; `maxNewTokens` and `stopTokenIds`, which
 * follow from the model and the task, are {@link rolloutLimits}.
 */
export const loopOptions = z.object({
  completionsPerPrompt: upTo(1024, 'the completions of an update are in memory at once')
    .default(4)
    .describe('completions sampled for each prompt; more of them show which reasons, not which prompts, earn reward'),
  learningRate: z
    .number()
    .min(0)
    .max(1, atMost(1, 'a step of Adam moves every weight by about this much'))
    .default(1e-4)
    .describe('step size of Adam for adapter and value head; 0 = nothing moves'),
  epochs: upTo(1000, 'by then the policy is far from the one that sampled')
    .default(1)
    .describe('passes over the rollouts of an update; more reuse them, and drift further from the sampling policy'),
  minibatches: upTo(65_536, 'an update has no more completions').default(1).describe('optimizer steps in a pass'),
  microBatchSize: upTo(65_536, 'their activations are in memory together')
    .default(16)
    .describe('completions whose activations are in memory together; it changes memory and speed, never the gradient'),
  temperature: z
    .number()
    .positive()
    .max(100, atMost(100, 'from there on every token is as likely as any other'))
    .default(1)
    .describe(
      'divides the logits of rollouts and of every log-probability; above 1 explores more (0 would be greedy, no sample of the policy)',
    ),
  topK: upTo(10_000_000, 'no vocabulary is larger')
    .nullable()
    .default(null)
    .describe('tokens kept in sampling; null = all; anything else is no pure sample, and warns'),
  topP: z.number().positive().max(1).default(1).describe('probability mass kept in sampling; less than 1 is no pure sample, and warns'),
  missingStopPenalty: z
    .number()
    .min(0)
    .max(1e6, WEIGHT)
    .default(0.1)
    .describe('reward units taken off the score of a completion that did not end by itself; 0 lets completions run on'),
  ratioThreshold: z.number().gt(1).max(1e6, WEIGHT).default(10).describe('a minibatch with a larger mean ratio is skipped and counted'),
  klLimit: z
    .number()
    .positive()
    .max(1e6, WEIGHT)
    .nullable()
    .default(10)
    .describe('nats a token of KL to the reference at which an update is refused (PPO_KL), for the policy has gone astray; null = none'),
  refillRounds: z
    .int()
    .min(0)
    .max(100, atMost(100, 'by then the prompts that are left teach nothing'))
    .default(0)
    .describe('how often an update samples further prompts in place of those of which no completion enters the step; each costs a rollout'),
  oldLogProbs: z
    .enum(['policy', 'sampler'])
    .default('policy')
    .describe(
      'log-probabilities of the policy before the update: from a pass over the completions, or as the sampler gave them, which saves the pass and is right where the sampler is the policy in the same precision (it warns where not)',
    ),
  samplerCorrection: z
    .enum(['none', 'token', 'sequence'])
    .default('none')
    .describe(
      'truncated importance sampling: advantages are weighted by how likely the policy was to write what the sampler wrote, by token or by completion; for samplers of another precision or an older adapter',
    ),
  samplerCorrectionCap: z
    .number()
    .positive()
    .max(1e6, WEIGHT)
    .default(2)
    .describe('the largest weight of samplerCorrection; higher: less bias, more variance'),
  maxStaleness: z
    .int()
    .min(0)
    .max(1000, atMost(1000, 'by then the policy is another one'))
    .default(0)
    .describe(
      'published versions by which the adapter that wrote a completion may be behind; 0 = only the newest; more than that is refused',
    ),
  maxGradientNorm: z.number().positive().max(1e6, WEIGHT).default(1).describe('the global gradient norm is clipped to this'),
});

/** What a caller must say, for it follows from the model and the task. */
export const rolloutLimits = z.object({
  maxNewTokens: upTo(1_048_576, 'no model has a longer context').describe(
    'tokens of the longest completion, stop token included; time and memory grow in proportion',
  ),
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
