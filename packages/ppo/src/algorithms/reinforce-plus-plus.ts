import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Algorithm } from '../algorithm.js';
import { generalisedAdvantage } from '../generalised-advantage.js';
import { groupsOf, tooFewToCompare } from '../groups.js';
import { klEstimatorOption, klEstimators } from '../kl.js';
import { onTokens, total } from '../masked.js';
import { isOneStep, logRatioMaxima, oldColumn, oldLogProbsOf } from '../old-log-probs.js';
import { clipRangeOption, dualClipOption, policyLoss } from '../policy-loss.js';
import { mapRagged, mean, meanOfRowSums } from '../ragged.js';
import { shapedRewards } from '../shaped-rewards.js';
import { whiten } from '../whitening.js';

const WEIGHT = atMost(1e6, 'rewards are of the order of 1');

const options = z.object({
  groupBaseline: z
    .boolean()
    .default(false)
    .describe('take the mean score of the prompt off every score first (REINFORCE++-baseline); needs several completions of a prompt'),
  clipRange: clipRangeOption,
  dualClip: dualClipOption,
  discount: z.number().min(0).max(1).default(1).describe('gamma, by token; 1 = the score counts in full for every token before it'),
  klCoefficient: z
    .number()
    .min(0)
    .max(1e6, WEIGHT)
    .default(0.01)
    .describe('reward units per nat of KL to the reference, by token; 0 = no reference'),
  klEstimator: klEstimatorOption,
});

/**
 * REINFORCE++ (Hu et al. 2025, arXiv 2501.03262): the advantage of a token is the discounted sum of the rewards from it on (its KL to
 * the reference, and the score on the last token), normalized over the tokens of the whole update instead of compared within a
 * prompt; PPO's clipped surrogate, no value head.
 */
export const reinforcePlusPlus: Algorithm<typeof options> = {
  name: 'reinforce++',
  description: 'REINFORCE with advantages normalized over the update, the KL in the reward, a clipped ratio',
  options,
  valueHead: false,
  groups: false,
  conflict: ({ groupBaseline, completionsPerPrompt }) =>
    groupBaseline ? tooFewToCompare(completionsPerPrompt, 'groupBaseline') : undefined,
  needs: (config) => ({ logProbs: config.klCoefficient > 0 || !isOneStep(config), reference: config.klCoefficient > 0 }),

  advantages({ rollouts, scores, logProbs, referenceLogProbs }, config) {
    const { klCoefficient, discount } = config;
    const compared = [...scores];
    if (config.groupBaseline) {
      for (const rows of groupsOf(rollouts)) {
        const baseline = mean(rows.map((row) => scores[row]!));
        for (const row of rows) compared[row] = scores[row]! - baseline;
      }
    }
    const estimate = klEstimators[config.klEstimator];
    const kl = referenceLogProbs
      ? mapRagged(logProbs, (logProb, row, t) => estimate(logProb - referenceLogProbs[row]![t]!))
      : rollouts.map(({ tokens }) => new Float32Array(tokens.length));
    const rewards = shapedRewards({ kl, klCoefficient, scores: compared });
    const returns = rewards.map((row) => generalisedAdvantage(row, new Float32Array(row.length), { discount, lambda: 1 }).returns);

    const meanKl = meanOfRowSums(kl);
    return {
      columns: { ...oldColumn(logProbs), advantages: whiten(returns, { keepMean: false }) },
      metrics: referenceLogProbs
        ? {
            'objective/kl': meanKl,
            'objective/non_score_reward': -klCoefficient * meanKl,
            'objective/rlhf_reward': mean(scores) - klCoefficient * meanKl,
          }
        : {},
    };
  },

  // A sum over the response tokens of a micro-batch, divided by the token count of the whole minibatch.
  loss: (config) => (out, batch) => {
    const { mask, scalars } = batch;
    const perToken = (sum: tf.Scalar): tf.Scalar => tf.div(sum, scalars['tokens']!);
    const oldLogProbs = oldLogProbsOf(batch, out.logProbs);
    const policy = policyLoss({ logProbs: out.logProbs, oldLogProbs, advantages: batch.columns['advantages']!, mask }, config);
    const loss = perToken(policy.loss);
    return {
      loss,
      metrics: {
        'loss/policy_avg': loss,
        'policy/approxkl_avg': perToken(policy.approximateKl),
        'policy/clipfrac_avg': perToken(policy.clipped),
        'policy/entropy_avg': perToken(total(onTokens(out.entropy, mask))),
        'val/ratio': perToken(policy.ratio),
      },
      maxima: logRatioMaxima(batch, policy.largestLogRatio),
    };
  },
};
