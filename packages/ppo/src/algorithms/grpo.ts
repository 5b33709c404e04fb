import { atMost } from '@expctr/core';
import { stopGradient } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Algorithm, ResolvedConfig, RolloutBatch } from '../algorithm.js';
import { areEqual, deviation, groupsOf, onEveryToken } from '../groups.js';
import { LOG_RATIO_LIMIT } from '../kl.js';
import { k3Loss, k3WeightOption } from '../kl-loss.js';
import { onTokens, total } from '../masked.js';
import { isOneStep, logRatioMaxima, oldColumn, oldLogProbsOf } from '../old-log-probs.js';
import { mean } from '../ragged.js';

const options = z.object({
  beta: k3WeightOption,
  epsilon: z.number().positive().lt(1).default(0.2).describe('the ratio is clipped at 1 - epsilon where the advantage is negative'),
  epsilonHigh: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'no ratio is larger'))
    .nullable()
    .default(null)
    .describe('and at 1 + epsilonHigh where it is positive, null = epsilon; in the loss cispo the largest weight of a token, null = 5'),
  delta: z
    .number()
    .gt(1)
    .max(1e6, atMost(1e6, 'no ratio is larger'))
    .nullable()
    .default(null)
    .describe('bound of the ratio where the advantage is negative; null = none'),
  lossType: z
    .enum(['dapo', 'grpo', 'dr-grpo', 'cispo'])
    .default('dapo')
    .describe(
      'dapo: mean over tokens; grpo: mean over completions of means over their tokens, which favors short good and long bad ones; dr-grpo: sum by completion over maxNewTokens; cispo: as dapo, every token weighted by its clipped ratio',
    ),
  importanceSamplingLevel: z
    .enum(['token', 'sequence'])
    .default('token')
    .describe('sequence: one ratio for a completion, the geometric mean of those of its tokens (GSPO)'),
  scaleRewards: z
    .enum(['group', 'batch', 'none'])
    .default('group')
    .describe('advantages are divided by the deviation of the scores of their prompt, of the update, or not at all'),
  multiObjectiveAggregation: z
    .enum(['sum-then-normalize', 'normalize-then-sum'])
    .default('sum-then-normalize')
    .describe(
      'normalize-then-sum: each reward is normalized within its prompt before they are weighted and summed, and the sum over the update, whatever scaleRewards says (GDPO)',
    ),
});

/** Added to a deviation, as in trl. */
const EPSILON = 1e-4;
/** The largest weight of a token that ScaleRL (arXiv 2510.13786) recommends for the loss `cispo`. */
const CISPO_LIMIT = 5;

/**
 * Group relative policy optimization (Shao et al. 2024, equations 3 and 4), as trl 1.16 has it: a completion's advantage
 * is its score less the mean over the completions of its prompt, on every token alike; there is no value head, and the KL
 * stands in the loss. By option: Dr. GRPO (Liu et al. 2025), DAPO (Yu et al. 2025), CISPO (MiniMax-M1, 2025), GSPO (Zheng
 * et al. 2025).
 */
export const grpo: Algorithm<typeof options> = {
  name: 'grpo',
  description: 'group relative policy optimization: completions of a prompt compared with each other, no value head',
  options,
  valueHead: false,
  groups: true,
  needs: (config) => ({ logProbs: !isOneStep(config), reference: config.beta > 0 }),

  // Prompts whose completions are all worth the same teach nothing, and cost a forward and a backward pass.
  select(batch, config) {
    const worth = worthOf(batch, config);
    const groups = groupsOf(batch.rollouts);
    const unequal = groups.filter((rows) => !areEqual(rows.map((row) => worth[row]!)));
    return { rows: unequal.flat().sort((a, b) => a - b), metrics: figures(batch.scores, groups.length - unequal.length, groups.length) };
  },

  advantages(batch, config) {
    const { rollouts, logProbs, referenceLogProbs } = batch;
    const { scaleRewards, multiObjectiveAggregation } = config;
    const worth = worthOf(batch, config);
    const [ofAll, center] = [deviation(worth), mean(worth)];
    const perRow = new Array<number>(rollouts.length).fill(0);
    const groups = groupsOf(rollouts);
    let equal = 0;
    for (const rows of groups) {
      const own = rows.map((row) => worth[row]!);
      if (areEqual(own)) equal += 1;
      if (multiObjectiveAggregation === 'normalize-then-sum') {
        for (const row of rows) perRow[row] = (worth[row]! - center) / (ofAll + EPSILON);
      } else if (!areEqual(own)) {
        const scale = { group: deviation(own) + EPSILON, batch: ofAll + EPSILON, none: 1 }[scaleRewards];
        for (const row of rows) perRow[row] = (worth[row]! - mean(own)) / scale;
      }
    }
    return {
      columns: {
        ...oldColumn(logProbs),
        advantages: onEveryToken(perRow, rollouts),
        ...(referenceLogProbs ? { referenceLogProbs } : {}),
      },
      metrics: figures(batch.scores, equal, groups.length),
    };
  },

  loss: (config) => (out, batch) => {
    const { mask, columns, scalars } = batch;
    const values = (each: tf.Tensor2D): tf.Tensor2D => onTokens(each, mask);
    const [logProbs, advantages] = [values(out.logProbs), values(columns['advantages']!)]; // [rows, R]
    const [tokens, sequences] = [scalars['tokens']!, scalars['sequences']!];
    const lengths = tf.maximum(tf.sum(mask, 1, true), 1); // [rows, 1]
    const overTokens = tf.div(mask, tokens); // [rows, R] sums to 1 over the minibatch, and so do the next
    const overSequences = tf.div(tf.div(mask, lengths), sequences);

    const bySequence = config.importanceSamplingLevel === 'sequence';
    const logRatio = tf.sub(logProbs, values(oldLogProbsOf(batch, out.logProbs))); // [rows, R]
    const level = bySequence ? tf.mul(mask, tf.div(tf.sum(logRatio, 1, true), lengths)) : logRatio; // [rows, R]
    const ratio = tf.exp(tf.clipByValue(level, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)); // [rows, R]
    const { gain, low, high } = surrogate(config, { logProbs, ratio: ratio as tf.Tensor2D, advantages });

    let perToken: tf.Tensor = tf.neg(gain); // [rows, R]
    const metrics: Record<string, tf.Scalar> = {};
    if (config.beta > 0) {
      const k3 = k3Loss(logProbs, values(columns['referenceLogProbs']!)); // [rows, R]
      perToken = tf.add(perToken, tf.mul(config.beta, k3));
      metrics['kl'] = total(tf.mul(k3, overTokens));
    }

    const weights: Record<typeof config.lossType, tf.Tensor> = {
      dapo: overTokens,
      cispo: overTokens,
      grpo: overSequences,
      'dr-grpo': tf.div(tf.div(mask, sequences), config.maxNewTokens),
    };
    const loss = total(tf.mul(perToken, weights[config.lossType]));
    const share = (condition: tf.Tensor): tf.Scalar =>
      total(tf.mul(tf.cast(condition, 'float32'), bySequence ? overSequences : overTokens));
    return {
      loss,
      metrics: {
        'loss/policy_avg': loss,
        ...metrics,
        entropy: total(tf.mul(values(out.entropy), overTokens)),
        'clip_ratio/low_mean': share(low),
        'clip_ratio/high_mean': share(high),
        'clip_ratio/region_mean': share(tf.logicalOr(low, high)),
        'policy/approxkl_avg': tf.mul(0.5, total(tf.mul(tf.square(logRatio), overTokens))),
        'val/ratio': total(tf.mul(ratio, overTokens)),
      },
      maxima: logRatioMaxima(batch, tf.max(tf.abs(logRatio)).asScalar()),
    };
  },
};

function figures(scores: readonly number[], equal: number, groups: number): Record<string, number> {
  return { reward_std: deviation(scores), frac_reward_zero_std: equal / groups };
}

/**
 * What each completion is compared by: its score, or (GDPO, Liu et al. 2026; `normalize_then_sum` of trl) the weighted sum of its
 * rewards, each less its mean over the prompt and divided by its deviation there. A reward that does not apply adds nothing. The
 * penalty for a missing stop token is no reward to be normalized: it is taken off the sum, in its units.
 */
function worthOf({ rollouts, scores, penalties, components }: RolloutBatch, config: ResolvedConfig<typeof options>): readonly number[] {
  if (config.multiObjectiveAggregation === 'sum-then-normalize') return scores;
  const rewards = components ?? [{ weight: 1, values: scores.map((score, row) => score + (penalties?.[row] ?? 0)) }];
  const worth = new Array<number>(rollouts.length).fill(0);
  for (const rows of groupsOf(rollouts)) {
    for (const { weight, values } of rewards) {
      const known = rows.filter((row) => values[row] !== null);
      const own = known.map((row) => values[row]!);
      for (const row of known) worth[row]! += (weight * (values[row]! - mean(own))) / (deviation(own) + EPSILON);
    }
    const meanPenalty = mean(rows.map((row) => penalties?.[row] ?? 0));
    for (const row of rows) worth[row]! -= (penalties?.[row] ?? 0) - meanPenalty;
  }
  return worth;
}

interface SurrogateInputs {
  readonly logProbs: tf.Tensor2D;
  readonly ratio: tf.Tensor2D;
  readonly advantages: tf.Tensor2D;
}

/** What each token is to gain, and where a clip holds it back; [rows, R] each. */
function surrogate(config: ResolvedConfig<typeof options>, { logProbs, ratio, advantages }: SurrogateInputs) {
  const [good, bad] = [tf.greater(advantages, 0), tf.less(advantages, 0)];
  if (config.lossType === 'cispo') {
    const limit = config.epsilonHigh ?? CISPO_LIMIT;
    const high = tf.logicalAnd(tf.greater(ratio, limit), good);
    return { gain: tf.mul(tf.mul(stopGradient(tf.minimum(ratio, limit)), advantages), logProbs), low: tf.zerosLike(high), high };
  }
  const [least, most] = [1 - config.epsilon, 1 + (config.epsilonHigh ?? config.epsilon)];
  const bounded = config.delta === null ? ratio : tf.minimum(ratio, config.delta);
  return {
    gain: tf.minimum(tf.mul(bounded, advantages), tf.mul(tf.clipByValue(ratio, least, most), advantages)),
    low: tf.logicalAnd(tf.less(bounded, least), bad),
    high: tf.logicalAnd(tf.greater(bounded, most), good),
  };
}
