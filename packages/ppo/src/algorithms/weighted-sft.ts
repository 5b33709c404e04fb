import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Algorithm, RolloutBatch } from '../algorithm.js';
import { areEqual, deviation, groupsOf, onEveryToken, tooFewToCompare } from '../groups.js';
import { k3Loss, k3WeightOption } from '../kl-loss.js';
import { onTokens, total } from '../masked.js';
import { mean } from '../ragged.js';
import { noCorrection } from '../sampler-correction.js';

const options = z.object({
  baseline: z
    .enum(['group', 'batch'])
    .default('group')
    .describe('what a score is compared with: the mean of its prompt, or of the whole update'),
  weightTemperature: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'from there on all weights are equal'))
    .default(1)
    .describe(
      'standard deviations of the scores by which a completion must be better to weigh e times as much; lower learns the best alone',
    ),
  maxWeight: z
    .number()
    .min(1)
    .max(1e6, atMost(1e6, 'one completion would drown all others'))
    .default(20)
    .describe('bound of a weight before weights are scaled to mean 1'),
  beta: k3WeightOption,
});

/**
 * Reward-weighted supervised fine-tuning: every completion is learned, weighted by exp(advantage / temperature). The weights are those
 * of reward-weighted and advantage-weighted regression (Peters and Schaal 2007; Peng et al. 2019, equation 9, with its bound of 20),
 * which A-SFT (Chidambaram et al. 2025) found steadier on noisy recommendation rewards than PPO, DPO and IPO: no ratio to an old
 * policy, no completion pushed away. Advantages are in deviations of the update's scores, so that the temperature does not depend
 * on the scale of a reward, and a prompt whose scores hardly differ is not blown up to the size of the others.
 */
export const weightedSft: Algorithm<typeof options> = {
  name: 'weighted-sft',
  description: 'supervised fine-tuning on all completions, each weighted by the exponential of its advantage',
  options,
  valueHead: false,
  groups: false,
  conflict: ({ baseline, completionsPerPrompt, samplerCorrection }) =>
    noCorrection({ samplerCorrection }) ??
    (baseline === 'group' ? tooFewToCompare(completionsPerPrompt, 'the baseline of the prompt') : undefined),
  needs: ({ beta }) => ({ logProbs: false, reference: beta > 0 }),

  select(batch, { baseline }) {
    const sets = comparedSets(batch, baseline);
    const unequal = sets.filter((rows) => !areEqual(rows.map((row) => batch.scores[row]!)));
    return { rows: unequal.flat().sort((a, b) => a - b), metrics: { frac_reward_zero_std: 1 - unequal.length / sets.length } };
  },

  advantages(batch, { baseline, weightTemperature, maxWeight }) {
    const { rollouts, scores, referenceLogProbs } = batch;
    const unit = deviation(scores) || 1;
    const raw = new Array<number>(scores.length);
    for (const rows of comparedSets(batch, baseline)) {
      const center = mean(rows.map((row) => scores[row]!));
      for (const row of rows) raw[row] = Math.min(Math.exp((scores[row]! - center) / (unit * weightTemperature)), maxWeight);
    }
    const scale = mean(raw);
    const weights = raw.map((weight) => weight / scale);
    return {
      columns: { weights: onEveryToken(weights, rollouts), ...(referenceLogProbs ? { referenceLogProbs } : {}) },
      metrics: {
        reward_std: deviation(scores),
        'weights/max': Math.max(...weights),
        // how many completions of equal weight would say as much (Kish 1965), as a share of those that were learned
        'weights/effective': 1 / mean(weights.map((weight) => weight * weight)),
      },
    };
  },

  loss:
    ({ beta }) =>
    (out, { mask, columns, scalars }) => {
      const perToken = (values: tf.Tensor2D): tf.Scalar => tf.div(total(onTokens(values, mask)), scalars['tokens']!);
      const metrics: Record<string, tf.Scalar> = {};
      let loss = perToken(tf.neg(tf.mul(onTokens(out.logProbs, mask), onTokens(columns['weights']!, mask))));
      if (beta > 0) {
        metrics['kl'] = perToken(k3Loss(onTokens(out.logProbs, mask), onTokens(columns['referenceLogProbs']!, mask)));
        loss = tf.add(loss, tf.mul(beta, metrics['kl']));
      }
      return { loss, metrics: { 'loss/policy_avg': loss, entropy: perToken(out.entropy), ...metrics } };
    },
};

/** The rows whose scores are held against one mean. */
function comparedSets({ rollouts }: Pick<RolloutBatch, 'rollouts'>, baseline: 'group' | 'batch'): number[][] {
  return baseline === 'group' ? groupsOf(rollouts) : [rollouts.map((_, row) => row)];
}
