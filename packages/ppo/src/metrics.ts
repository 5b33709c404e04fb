import type { StepResult } from './policy.js';
import { countTokens, mean, meanOfRowSums, type Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';

/** What {@link rolloutMetrics} reads. */
export interface RolloutMetricsInputs {
  readonly rollouts: readonly Rollout[];
  readonly stopTokenIds: readonly number[];
  /** Scores with every penalty taken off. */
  readonly scores: readonly number[];
  readonly logProbs: Ragged;
  readonly kl: Ragged;
  readonly klCoefficient: number;
}

/** Figures of the rollouts under trl's names: means over completions of sums over their tokens. */
export function rolloutMetrics({
  rollouts,
  stopTokenIds,
  scores,
  logProbs,
  kl,
  klCoefficient,
}: RolloutMetricsInputs): Record<string, number> {
  const meanKl = meanOfRowSums(kl);
  const tokens = countTokens(logProbs);
  let mismatch = 0;
  let stops = 0;
  rollouts.forEach((rollout, row) =>
    rollout.tokens.forEach((token, t) => {
      mismatch += Math.abs(rollout.samplerLogProbs[t]! - logProbs[row]![t]!);
      if (stopTokenIds.includes(token)) stops += 1;
    }),
  );
  return {
    'objective/kl': meanKl,
    'objective/entropy': -meanOfRowSums(logProbs),
    'objective/non_score_reward': -klCoefficient * meanKl,
    'objective/scores': mean(scores),
    'objective/rlhf_reward': mean(scores) - klCoefficient * meanKl,
    'val/num_eos_tokens': stops,
    'completions/mean_length': tokens / rollouts.length,
    'sampler/logprob_mismatch': mismatch / tokens,
  };
}

/**
 * Figures of the optimizer steps of an update: means over minibatches, those that were skipped left out unless all were.
 * `val/ratio_var` is the variance of the minibatches' mean ratios, as in trl; 0 for a single one.
 */
export function stepMetrics(results: readonly StepResult[]): Record<string, number> {
  const applied = results.filter(({ skipped }) => !skipped);
  const counted = applied.length === 0 ? results : applied;
  const average = (name: string): number => mean(counted.map(({ metrics }) => metrics[name]!));
  const ratios = counted.map(({ metrics }) => metrics['ratio']!);
  const ratio = average('ratio');
  return {
    'loss/policy_avg': average('policyLoss'),
    'loss/value_avg': average('valueLoss'),
    'policy/approxkl_avg': average('approximateKl'),
    'policy/clipfrac_avg': average('policyClipped'),
    'policy/entropy_avg': average('entropy'),
    'policy/gradient_norm_avg': mean(counted.map(({ gradientNorm }) => gradientNorm)),
    'val/clipfrac_avg': average('valueClipped'),
    'val/ratio': ratio,
    'val/ratio_var': ratios.length < 2 ? 0 : ratios.reduce((sum, r) => sum + (r - ratio) ** 2, 0) / (ratios.length - 1),
    'val/log_ratio_max': Math.max(0, ...results.map(({ metrics }) => metrics['largestLogRatio']!)),
    'val/first_log_ratio': results[0]?.metrics['largestLogRatio'] ?? 0,
    'guards/skipped_minibatches': results.length - applied.length,
  };
}
