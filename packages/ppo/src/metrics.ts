import type { StepResult } from '@expctr/language-model/training';
import type { ModelAnswers } from './algorithm.js';
import { countTokens, mapRagged, mean, meanOfRowSums } from './ragged.js';
import type { Rollout } from './rollout.js';

/** Figures of all scored rollouts under trl's names. @param scores with every penalty taken off */
export function rolloutMetrics(
  rollouts: readonly Rollout[],
  scores: readonly number[],
  stopTokenIds: readonly number[],
): Record<string, number> {
  const stops = rollouts.map(({ tokens }) => tokens.filter((token) => stopTokenIds.includes(token)));
  return {
    'objective/scores': mean(scores),
    'val/num_eos_tokens': countTokens(stops),
    'completions/mean_length': mean(rollouts.map(({ tokens }) => tokens.length)),
  };
}

/** Figures of the rollouts in the step, as far as their log-probabilities are known: means over completions of sums over tokens. */
export function logProbMetrics(rollouts: readonly Rollout[], { logProbs, referenceLogProbs }: ModelAnswers): Record<string, number> {
  if (logProbs.length === 0) return {};
  let mismatch = 0;
  let known = 0; // a server may leave some out
  rollouts.forEach(({ samplerLogProbs }, row) =>
    samplerLogProbs.forEach((logProb, t) => {
      if (Number.isNaN(logProb)) return;
      mismatch += Math.abs(logProb - logProbs[row]![t]!);
      known += 1;
    }),
  );
  const metrics = {
    'objective/entropy': -meanOfRowSums(logProbs),
    'sampler/logprob_mismatch': known === 0 ? 0 : mismatch / known,
  };
  if (referenceLogProbs === null) return metrics;
  return { ...metrics, 'objective/kl': meanOfRowSums(mapRagged(logProbs, (logProb, row, t) => logProb - referenceLogProbs[row]![t]!)) };
}

/**
 * Figures of the optimizer steps of an update, under the names that the loss gave them: means over minibatches, those that
 * were skipped left out unless all were; names in `_max` are maxima over all. `val/ratio_var` is the variance of the
 * minibatches' mean ratios, as in trl; 0 for a single one.
 */
export function stepMetrics(results: readonly StepResult[]): Record<string, number> {
  const applied = results.filter(({ skipped }) => !skipped);
  const counted = applied.length === 0 ? results : applied;
  const valuesOf = (name: string, among: readonly StepResult[]): number[] => among.map(({ metrics }) => metrics[name]!);

  const figures: Record<string, number> = {};
  for (const name of Object.keys(results[0]?.metrics ?? {})) {
    if (name === 'loss') continue;
    figures[name] = name.endsWith('_max') ? Math.max(0, ...valuesOf(name, results)) : mean(valuesOf(name, counted));
  }
  const ratio = figures['val/ratio'];
  if (ratio !== undefined) {
    const squares = valuesOf('val/ratio', counted).reduce((sum, each) => sum + (each - ratio) ** 2, 0);
    figures['val/ratio_var'] = counted.length < 2 ? 0 : squares / (counted.length - 1);
  }
  const firstLogRatio = results[0]?.metrics['val/log_ratio_max'];
  if (firstLogRatio !== undefined) figures['val/first_log_ratio'] = firstLogRatio;
  figures['policy/gradient_norm_avg'] = mean(counted.map(({ gradientNorm }) => gradientNorm));
  figures['guards/skipped_minibatches'] = results.length - applied.length;
  return figures;
}
