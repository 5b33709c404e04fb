import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { nextKlCoefficient } from '../adaptive-kl.js';
import type { Algorithm } from '../algorithm.js';
import { generalisedAdvantage } from '../generalised-advantage.js';
import { klEstimatorOption, klEstimators } from '../kl.js';
import { onTokens, total } from '../masked.js';
import { clipRangeOption, dualClipOption, policyLoss } from '../policy-loss.js';
import { mapRagged, mean, meanOfRowSums } from '../ragged.js';
import { shapedRewards } from '../shaped-rewards.js';
import { stateValues } from '../value-head.js';
import { valueLoss } from '../value-loss.js';
import { whiten } from '../whitening.js';

const WEIGHT = atMost(1e6, 'rewards are of the order of 1');
const share = z.number().min(0).max(1);

const options = z.object({
  clipRange: clipRangeOption,
  valueClipRange: z
    .number()
    .positive()
    .max(1e6, WEIGHT)
    .default(0.2)
    .describe('reward units that a value may move in an update before its gradient stops'),
  valueCoefficient: z.number().min(0).max(1e6, WEIGHT).default(0.1).describe('weight of the value loss'),
  entropyCoefficient: z.number().min(0).max(1e6, WEIGHT).default(0).describe('reward of entropy per nat and token; above 0 it costs time'),
  dualClip: dualClipOption,
  discount: share.default(1).describe('gamma, by token; 1 = the score counts in full for every token before it'),
  // a value head that knows nothing yet and a lambda below 1 credit the last tokens most with what is paid at the end: to end soon pays
  lambda: share
    .default(1)
    .describe('of generalized advantage estimation; lower trusts the value head more, and shortens texts until it knows'),
  whitenRewards: z.boolean().default(false).describe('scale rewards to variance 1 over the batch, keeping their mean'),
  whitenAdvantages: z.boolean().default(true).describe('center advantages and scale them to variance 1 over the batch'),
  klCoefficient: z
    .number()
    .min(0)
    .max(1e6, WEIGHT)
    .default(0.05)
    .describe('reward units per nat of KL to the reference, by token; 0 = no reference'),
  klEstimator: klEstimatorOption,
  klTarget: z
    .number()
    .positive()
    .max(1e6, atMost(1e6, 'a completion that differs that much is noise'))
    .nullable()
    .default(null)
    .describe('adaptive KL: aim at so many nats a completion, klCoefficient being the first weight; null = fixed'),
  klHorizon: z
    .number()
    .positive()
    .max(1e9, atMost(1e9, 'no run has more completions'))
    .default(10_000)
    .describe('completions over which the adaptive coefficient reacts; more = slower'),
});

/**
 * Proximal policy optimization (Schulman et al. 2017) of a language model, with a value head on the policy's own hidden
 * state and the KL to a reference in the reward (Ziegler et al. 2019; "The N Implementation Details of RLHF with PPO").
 */
export const ppo: Algorithm<typeof options> = {
  name: 'ppo',
  description: 'proximal policy optimization with a value head and the KL in the reward',
  options,
  valueHead: true,
  groups: false,
  needs: ({ klCoefficient }) => ({ logProbs: true, reference: klCoefficient > 0 }),
  initialState: ({ klCoefficient }) => ({ kl_coefficient: klCoefficient }),

  // Rewards: the KL of every token, the score on the last one. Advantages and returns; only then is anything whitened.
  advantages({ rollouts, scores, logProbs, values, referenceLogProbs, state }, config) {
    const klCoefficient = state['kl_coefficient']!;
    const estimate = klEstimators[config.klEstimator];
    const kl = mapRagged(logProbs, (logProb, row, t) => (referenceLogProbs ? estimate(logProb - referenceLogProbs[row]![t]!) : 0));
    const shaped = shapedRewards({ kl, klCoefficient, scores });
    const rewards = config.whitenRewards ? whiten(shaped, { keepMean: true }) : shaped;
    const estimates = rewards.map((row, i) => generalisedAdvantage(row, values[i]!, config));
    const returns = estimates.map((each) => each.returns);
    const raw = estimates.map((each) => each.advantages);
    const advantages = config.whitenAdvantages ? whiten(raw, { keepMean: false }) : raw;

    const meanKl = meanOfRowSums(kl);
    return {
      columns: { oldLogProbs: logProbs, oldValues: values, advantages, returns },
      metrics: {
        ...(referenceLogProbs ? { 'objective/kl': meanKl } : {}),
        'objective/non_score_reward': -klCoefficient * meanKl,
        'objective/rlhf_reward': mean(scores) - klCoefficient * meanKl,
      },
      state: { kl_coefficient: nextKlCoefficient(klCoefficient, meanKl, rollouts.length, config) },
    };
  },

  // A sum over the response tokens of a micro-batch, divided by the token count of the whole minibatch.
  loss: (config) => (out, batch, head) => {
    const { mask, scalars } = batch;
    const { oldLogProbs, advantages, oldValues, returns } = batch.columns as Record<string, tf.Tensor2D> & Columns; // [rows, R]
    const perToken = (sum: tf.Scalar): tf.Scalar => tf.div(sum, scalars['tokens']!);

    const policy = policyLoss({ logProbs: out.logProbs, oldLogProbs, advantages, mask }, config);
    const value = valueLoss({ values: stateValues(out.hidden, head), oldValues, returns, mask }, config);
    const randomness = total(onTokens(out.entropy, mask));

    let loss = tf.add(policy.loss, tf.mul(config.valueCoefficient, value.loss));
    if (config.entropyCoefficient > 0) loss = tf.sub(loss, tf.mul(config.entropyCoefficient, randomness));
    return {
      loss: perToken(loss.asScalar()),
      metrics: {
        'loss/policy_avg': perToken(policy.loss),
        'loss/value_avg': perToken(value.loss),
        'policy/approxkl_avg': perToken(policy.approximateKl),
        'policy/clipfrac_avg': perToken(policy.clipped),
        'policy/entropy_avg': perToken(randomness),
        'val/clipfrac_avg': perToken(value.clipped),
        'val/ratio': perToken(policy.ratio),
      },
      maxima: { 'val/log_ratio_max': policy.largestLogRatio },
    };
  },
};

interface Columns {
  readonly oldLogProbs: tf.Tensor2D;
  readonly advantages: tf.Tensor2D;
  readonly oldValues: tf.Tensor2D;
  readonly returns: tf.Tensor2D;
}
