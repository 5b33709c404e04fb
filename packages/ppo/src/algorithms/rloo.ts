import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Algorithm } from '../algorithm.js';
import { areEqual, deviation, groupsOf, onEveryToken } from '../groups.js';
import { LOG_RATIO_LIMIT } from '../kl.js';
import { onTokens, total } from '../masked.js';
import { isOneStep, logRatioMaxima, oldColumn, oldLogProbsOf } from '../old-log-probs.js';
import { mean, rowSum } from '../ragged.js';

const options = z.object({
  beta: z
    .number()
    .min(0)
    .max(1e6, atMost(1e6, 'rewards are of the order of 1'))
    .default(0.05)
    .describe('reward units per nat of KL to the reference, by completion; 0 = no reference'),
  epsilon: z.number().positive().lt(1).default(0.2).describe('the ratio is clipped at 1 - epsilon where the advantage is negative'),
  epsilonHigh: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'no ratio is larger'))
    .nullable()
    .default(null)
    .describe('and at 1 + epsilonHigh where it is positive; null = epsilon'),
  normalizeAdvantages: z.boolean().default(false).describe('center advantages and scale them to deviation 1 over the update'),
});

/** Added to a deviation, as in trl. */
const EPSILON = 1e-4;

/**
 * REINFORCE leave-one-out (Ahmadian et al. 2024, equation 8), as trl 1.16 has it: a completion is one action, whose reward
 * is its score less the KL to the reference over all its tokens, and whose baseline is the mean reward of the other
 * completions of its prompt. Over several epochs the ratio of the whole completion is clipped as in PPO.
 */
export const rloo: Algorithm<typeof options> = {
  name: 'rloo',
  description: 'REINFORCE with the other completions of a prompt as baseline, a completion being one action',
  options,
  valueHead: false,
  groups: true,
  needs: (config) => ({ logProbs: config.beta > 0 || !isOneStep(config), reference: config.beta > 0 }),

  advantages({ rollouts, scores, logProbs, referenceLogProbs }, { beta, normalizeAdvantages }) {
    const kl = rollouts.map((_, i) => (referenceLogProbs ? rowSum(logProbs[i]!) - rowSum(referenceLogProbs[i]!) : 0));
    const rewards = scores.map((score, row) => score - beta * kl[row]!);
    const groups = groupsOf(rollouts);
    const perRow = new Array<number>(rollouts.length).fill(0);
    let equal = 0;
    for (const rows of groups) {
      const own = rows.map((row) => rewards[row]!);
      if (areEqual(own)) equal += 1;
      else for (const row of rows) perRow[row] = ((rewards[row]! - mean(own)) * own.length) / (own.length - 1); // less the mean of the others
    }
    const compared = groups.filter(({ length }) => length > 1).flat();
    if (normalizeAdvantages) standardize(perRow, compared);
    return {
      columns: { ...oldColumn(logProbs), advantages: onEveryToken(perRow, rollouts) },
      metrics: {
        reward_std: deviation(scores),
        frac_reward_zero_std: equal / groups.length,
        ...(referenceLogProbs ? { 'objective/non_score_reward': -beta * mean(kl), 'objective/rlhf_reward': mean(rewards) } : {}),
      },
    };
  },

  loss: (config) => (out, batch) => {
    const { mask, columns, scalars } = batch;
    const [tokens, sequences] = [scalars['tokens']!, scalars['sequences']!];
    const lengths = tf.sum(mask, 1); // [rows] 0 for a row that only fills a shape
    const present = tf.minimum(lengths, 1); // [rows]
    const overSequences = (values: tf.Tensor): tf.Scalar => tf.div(total(tf.mul(tf.cast(values, 'float32'), present)), sequences);

    const advantages = tf.div(tf.sum(onTokens(columns['advantages']!, mask), 1), tf.maximum(lengths, 1)); // [rows] as on each token
    const byToken = tf.sub(onTokens(out.logProbs, mask), onTokens(oldLogProbsOf(batch, out.logProbs), mask)); // [rows, R]
    const logRatio = tf.sum(byToken, 1); // [rows] of the whole completion
    const ratio = tf.exp(tf.clipByValue(logRatio, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)); // [rows]
    const [least, most] = [1 - config.epsilon, 1 + (config.epsilonHigh ?? config.epsilon)];
    const gain = tf.minimum(tf.mul(ratio, advantages), tf.mul(tf.clipByValue(ratio, least, most), advantages)); // [rows]
    const loss = overSequences(tf.neg(gain));

    const low = tf.logicalAnd(tf.less(ratio, least), tf.less(advantages, 0));
    const high = tf.logicalAnd(tf.greater(ratio, most), tf.greater(advantages, 0));
    return {
      loss,
      metrics: {
        'loss/policy_avg': loss,
        entropy: tf.div(total(onTokens(out.entropy, mask)), tokens),
        'clip_ratio/low_mean': overSequences(low),
        'clip_ratio/high_mean': overSequences(high),
        'clip_ratio/region_mean': overSequences(tf.logicalOr(low, high)),
        'policy/approxkl_avg': tf.mul(0.5, overSequences(tf.square(logRatio))),
        'val/ratio': overSequences(ratio),
      },
      maxima: logRatioMaxima(batch, tf.max(tf.abs(byToken)).asScalar()),
    };
  },
};

/** Mean 0 and deviation 1 over some rows, in place. */
function standardize(values: number[], rows: readonly number[]): void {
  const chosen = rows.map((row) => values[row]!);
  const [center, spread] = [mean(chosen), deviation(chosen) + EPSILON];
  for (const row of rows) values[row] = (values[row]! - center) / spread;
}
