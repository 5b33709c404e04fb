import { PpoError } from './errors.js';
import type { KlEstimator } from './kl.js';

/** A number, or a function of the step (0, 1, 2, ...) that {@link PpoConfig.learningRate} follows. */
export type Schedule = number | ((step: number) => number);

/** Every setting of PPO. Only `maxNewTokens` and `stopTokenIds` have no default. */
export interface PpoConfig {
  /** Tokens: the longest completion, stop token included. Longer rollouts cost time and memory in proportion. */
  readonly maxNewTokens: number;
  /** Token ids that end a completion; may be empty, and then every completion runs to its full length. */
  readonly stopTokenIds: readonly number[];

  /** Completions for each prompt of an update. Default 1. More of them show which reasons, not which prompts, earn reward. */
  readonly completionsPerPrompt?: number;
  /** Divides the logits in sampling and in old, new and reference log-probabilities. Default 1; above 1 explores more. */
  readonly temperature?: number;
  /** Tokens kept when sampling; null = all. Default null: anything else is not a pure sample, and warns. */
  readonly topK?: number | null;
  /** Probability mass kept when sampling. Default 1: anything less is not a pure sample, and warns. */
  readonly topP?: number;

  /** Reward units taken off the score of a completion without stop token. Default 1; 0 lets completions run on. */
  readonly missingStopPenalty?: number;
  /** Reward units per nat of KL to the reference, per token. Default 0.05. With `klTarget` it is the coefficient of the start. */
  readonly klCoefficient?: number;
  /** Nats per completion that the coefficient steers towards; null keeps it fixed. Default null. */
  readonly klTarget?: number | null;
  /** Completions over which the adaptive coefficient reacts; more = slower. Default 10000. */
  readonly klHorizon?: number;
  /** Estimator of the per-token KL in the reward. Default 'k1' (unbiased); 'k3' is never negative; 'k2' is biased. */
  readonly klEstimator?: KlEstimator;

  /** gamma, in [0, 1]. Default 1: the score counts in full for every token before it. */
  readonly discount?: number;
  /** lambda of GAE, in [0, 1]. Default 0.95; lower trusts the value head more. */
  readonly lambda?: number;
  /** Scale rewards to variance 1 over the batch, keeping their mean. Default false. */
  readonly whitenRewards?: boolean;
  /** Scale advantages to mean 0 and variance 1 over the batch. Default true. */
  readonly whitenAdvantages?: boolean;

  /** Passes over the rollouts of one update. Default 4; more reuse them, and drift further from the sampling policy. */
  readonly epochs?: number;
  /** Optimizer steps per pass. Default 1. */
  readonly minibatches?: number;
  /** Completions that a policy gets at once. Default 8; it changes memory and speed, never the gradient. */
  readonly microBatchSize?: number;
  /** epsilon of the clipped surrogate. Default 0.2. */
  readonly clipRange?: number;
  /** Reward units that a value may move in one update before its gradient stops. Default 0.2. */
  readonly valueClipRange?: number;
  /** Weight of the value loss. Default 0.1. */
  readonly valueCoefficient?: number;
  /** Reward of entropy, per nat and token. Default 0. Anything else differentiates the entropy too, which costs time. */
  readonly entropyCoefficient?: number;
  /** Upper bound of a token's loss in units of |advantage| where the advantage is negative. Default 3. */
  readonly dualClip?: number;
  /** A minibatch whose mean ratio is above this is skipped and counted. Default 10. */
  readonly ratioThreshold?: number;

  /** Step size of Adam, a number or a function of the step. Default 1e-4. */
  readonly learningRate?: Schedule;
  /** The global gradient norm is clipped to this. Default 1. */
  readonly maxGradientNorm?: number;
}

/** {@link PpoConfig} with nothing left out. */
export type ResolvedPpoConfig = Required<PpoConfig>;

/** The defaults of {@link PpoConfig}. */
export const PPO_DEFAULTS: Readonly<Omit<ResolvedPpoConfig, 'maxNewTokens' | 'stopTokenIds'>> = {
  completionsPerPrompt: 1,
  temperature: 1,
  topK: null,
  topP: 1,
  missingStopPenalty: 1,
  klCoefficient: 0.05,
  klTarget: null,
  klHorizon: 10_000,
  klEstimator: 'k1',
  discount: 1,
  lambda: 0.95,
  whitenRewards: false,
  whitenAdvantages: true,
  epochs: 4,
  minibatches: 1,
  microBatchSize: 8,
  clipRange: 0.2,
  valueClipRange: 0.2,
  valueCoefficient: 0.1,
  entropyCoefficient: 0,
  dualClip: 3,
  ratioThreshold: 10,
  learningRate: 1e-4,
  maxGradientNorm: 1,
};

interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const count: Rule = { holds: (v) => Number.isInteger(v) && (v as number) >= 1, expected: 'an integer of at least 1' };
const positive: Rule = { holds: (v) => isNumber(v) && v > 0, expected: 'a number above 0' };
const notNegative: Rule = { holds: (v) => isNumber(v) && v >= 0, expected: 'a number of at least 0' };
const share: Rule = { holds: (v) => isNumber(v) && v >= 0 && v <= 1, expected: 'a number in [0, 1]' };
const flag: Rule = { holds: (v) => typeof v === 'boolean', expected: 'true or false' };
const orNull = (rule: Rule): Rule => ({ holds: (v) => v === null || rule.holds(v), expected: `${rule.expected}, or null` });
const above = (bound: number): Rule => ({ holds: (v) => isNumber(v) && v > bound, expected: `a number above ${bound}` });

const rules: { readonly [K in keyof ResolvedPpoConfig]: Rule } = {
  maxNewTokens: count,
  stopTokenIds: {
    holds: (v) => Array.isArray(v) && v.every((id) => Number.isInteger(id) && (id as number) >= 0),
    expected: 'an array of token ids',
  },
  completionsPerPrompt: count,
  temperature: { ...positive, expected: 'a number above 0 (greedy completions are no samples of the policy)' },
  topK: orNull(count),
  topP: { holds: (v) => isNumber(v) && v > 0 && v <= 1, expected: 'a number in (0, 1]' },
  missingStopPenalty: notNegative,
  klCoefficient: notNegative,
  klTarget: orNull(positive),
  klHorizon: positive,
  klEstimator: { holds: (v) => v === 'k1' || v === 'k2' || v === 'k3', expected: "'k1', 'k2' or 'k3'" },
  discount: share,
  lambda: share,
  whitenRewards: flag,
  whitenAdvantages: flag,
  epochs: count,
  minibatches: count,
  microBatchSize: count,
  clipRange: { holds: (v) => isNumber(v) && v > 0 && v < 1, expected: 'a number in (0, 1)' },
  valueClipRange: positive,
  valueCoefficient: notNegative,
  entropyCoefficient: notNegative,
  dualClip: above(1),
  ratioThreshold: above(1),
  learningRate: {
    holds: (v) => typeof v === 'function' || notNegative.holds(v),
    expected: 'a number of at least 0, or a function of the step',
  },
  maxGradientNorm: positive,
};

/**
 * Fills in the defaults. A field that is undefined counts as left out.
 * @throws PpoError PPO_CONFIG for an unknown field or a value that makes no sense, naming the field
 */
export function resolvePpoConfig(config: PpoConfig): ResolvedPpoConfig {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) {
      throw new PpoError('PPO_CONFIG', `${name} is no setting of PPO`, {
        where: name,
        expected: `one of ${Object.keys(rules).join(', ')}`,
      });
    }
  }
  const resolved = { ...PPO_DEFAULTS, ...given } as ResolvedPpoConfig;
  for (const [name, { holds, expected }] of Object.entries(rules)) {
    const value: unknown = resolved[name as keyof ResolvedPpoConfig];
    if (!holds(value)) throw new PpoError('PPO_CONFIG', `the value is ${describe(value)}`, { where: name, expected });
  }
  return resolved;
}

function describe(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}
