import { atMost } from '@expctr/core';
import type { RowPair } from '@expctr/language-model/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Algorithm, RolloutBatch } from '../algorithm.js';
import { areEqual, groupsOf } from '../groups.js';
import { onTokens, total } from '../masked.js';
import { mean } from '../ragged.js';
import { noCorrection } from '../sampler-correction.js';

const WEIGHT = atMost(1e6, 'rewards are of the order of 1');

const options = z.object({
  beta: z
    .number()
    .positive()
    .max(1e6, WEIGHT)
    .default(0.1)
    .describe(
      'pull to the reference, per nat: higher stays nearer to it; in the loss ipo the margin aimed at is 1 / (2 beta) nats a token',
    ),
  lossType: z
    .enum(['sigmoid', 'ipo', 'robust'])
    .default('sigmoid')
    .describe('sigmoid: that of DPO; ipo: a squared distance from a margin; robust: sigmoid without the bias of labels turned round'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe('how often a pair is taken to be the wrong way round, for noisy scores (losses sigmoid and robust)'),
  pairs: z
    .enum(['best-worst', 'all'])
    .default('best-worst')
    .describe('which pairs of completions of a prompt: the best and the worst, or every two whose scores differ'),
  minimumMargin: z
    .number()
    .min(0)
    .max(1e6, WEIGHT)
    .default(0)
    .describe('reward units by which the scores of a pair must differ at least; equal ones never are a pair'),
});

/**
 * Direct preference optimization (Rafailov et al. 2023, equation 7) as trl 1.16 has it, on pairs that the scores rank: completions of
 * one prompt, the policy's own. By option IPO (Azar et al. 2023, equation 17, by token as trl), conservative DPO (label smoothing
 * of the sigmoid loss) and robust DPO (Chowdhury et al. 2024).
 */
export const dpo: Algorithm<typeof options> = {
  name: 'dpo',
  description: 'direct preference optimization on pairs of completions of a prompt, ranked by their scores',
  options,
  valueHead: false,
  groups: true,
  conflict: ({ lossType, labelSmoothing, samplerCorrection }) =>
    noCorrection({ samplerCorrection }) ??
    (lossType === 'ipo' && labelSmoothing > 0
      ? {
          where: 'labelSmoothing',
          value: labelSmoothing,
          expected: '0 for the loss ipo, which knows no such thing',
          remedy: 'leave it out, or take the loss sigmoid or robust',
        }
      : undefined),
  needs: () => ({ logProbs: false, reference: true }),

  select(batch, { pairs: which, minimumMargin }) {
    const margin = ([chosen, rejected]: RowPair): number => batch.scores[chosen]! - batch.scores[rejected]!;
    const groups = groupsOf(batch.rollouts);
    const byPrompt = groups.map((rows) =>
      candidates(batch, rows, which).filter((pair) => margin(pair) >= minimumMargin && differ(batch, pair)),
    );
    const pairs = byPrompt.flat();
    return {
      rows: [...new Set(pairs.flat())].sort((a, b) => a - b),
      pairs,
      metrics: {
        'pairs/count': pairs.length,
        'pairs/prompts_without': byPrompt.filter(({ length }) => length === 0).length / groups.length,
        ...(pairs.length === 0 ? {} : { 'pairs/score_margin': mean(pairs.map(margin)) }),
      },
    };
  },

  advantages: ({ referenceLogProbs }) => ({ columns: { referenceLogProbs: referenceLogProbs! } }),

  // A sum over the pairs of a micro-batch, divided by the pairs of the whole minibatch.
  loss: (config) => (out, batch) => {
    const { mask, columns, scalars, pairs } = batch;
    const logProbs = tf.sum(onTokens(out.logProbs, mask), 1); // [rows]
    const logRatios = tf.sub(logProbs, tf.sum(onTokens(columns['referenceLogProbs']!, mask), 1)); // [rows]
    const overPairs = (values: tf.Tensor): tf.Scalar => tf.div(total(tf.mul(tf.cast(values, 'float32'), pairs!.mask)), scalars['pairs']!);
    const ofPairs = (values: tf.Tensor) => [tf.gather(values, pairs!.chosen), tf.gather(values, pairs!.rejected)] as const; // [P] each

    const [chosen, rejected] = ofPairs(logRatios);
    const loss = overPairs(pairLoss(config, { logRatios, lengths: tf.sum(mask, 1), ofPairs }));
    const [chosenLogProbs, rejectedLogProbs] = ofPairs(logProbs);
    return {
      loss,
      metrics: {
        'loss/policy_avg': loss,
        'rewards/chosen': tf.mul(config.beta, overPairs(chosen)),
        'rewards/rejected': tf.mul(config.beta, overPairs(rejected)),
        'rewards/margins': tf.mul(config.beta, overPairs(tf.sub(chosen, rejected))),
        'rewards/accuracies': overPairs(tf.greater(chosen, rejected)),
        'logps/chosen': overPairs(chosenLogProbs),
        'logps/rejected': overPairs(rejectedLogProbs),
        entropy: tf.div(total(onTokens(out.entropy, mask)), scalars['tokens']!),
      },
    };
  },
};

interface PairInputs {
  /** [rows] log ratio of each completion to the reference. */
  readonly logRatios: tf.Tensor;
  /** [rows] its tokens. */
  readonly lengths: tf.Tensor;
  readonly ofPairs: (values: tf.Tensor) => readonly [tf.Tensor, tf.Tensor];
}

/** [P] the loss of each pair. */
function pairLoss({ beta, lossType, labelSmoothing }: z.output<typeof options>, { logRatios, lengths, ofPairs }: PairInputs): tf.Tensor {
  if (lossType === 'ipo') {
    const [chosen, rejected] = ofPairs(tf.div(logRatios, tf.maximum(lengths, 1)));
    return tf.square(tf.sub(tf.sub(chosen, rejected), 1 / (2 * beta)));
  }
  const [chosen, rejected] = ofPairs(logRatios);
  const margin = tf.mul(beta, tf.sub(chosen, rejected)); // [P]
  const clean = tf.mul(1 - labelSmoothing, tf.softplus(tf.neg(margin))); // -log sigmoid(margin)
  const flipped = tf.mul(labelSmoothing, tf.softplus(margin));
  return lossType === 'robust' ? tf.div(tf.sub(clean, flipped), 1 - 2 * labelSmoothing) : tf.add(clean, flipped);
}

/** Pairs of rows of one prompt, the better one first. */
function candidates({ scores }: RolloutBatch, rows: readonly number[], which: 'best-worst' | 'all'): RowPair[] {
  const ranked = [...rows].sort((a, b) => scores[b]! - scores[a]!);
  if (which === 'best-worst') return ranked.length < 2 ? [] : [[ranked[0]!, ranked.at(-1)!]];
  return ranked.flatMap((chosen, at) => ranked.slice(at + 1).map((rejected): RowPair => [chosen, rejected]));
}

/** Two completions of scores that are equal but for rounding, or of the same text, say nothing of what to prefer. */
function differ({ rollouts, scores }: RolloutBatch, [chosen, rejected]: RowPair): boolean {
  return !areEqual([scores[chosen]!, scores[rejected]!]) && rollouts[chosen]!.tokens.join() !== rollouts[rejected]!.tokens.join();
}
