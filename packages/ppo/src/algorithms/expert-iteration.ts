import { atMost } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Algorithm, RolloutBatch } from '../algorithm.js';
import { areEqual, groupsOf } from '../groups.js';
import { onTokens, total } from '../masked.js';
import { mean } from '../ragged.js';
import { noCorrection } from '../sampler-correction.js';

const options = z.object({
  keep: z
    .int()
    .min(1)
    .max(1024, atMost(1024, 'a prompt has no more completions'))
    .default(1)
    .describe('completions of a prompt that are learned: the best ones that differ from each other'),
  minimumScore: z
    .number()
    .min(-1e6)
    .max(1e6, atMost(1e6, 'rewards are of the order of 1'))
    .nullable()
    .default(null)
    .describe('reward units that a completion must reach to be learned; null = none, and prompts with equal scores are left out'),
});

/**
 * Expert iteration (Anthony et al. 2017; as best-of-n in RAFT, Dong et al. 2023): the best completions of each prompt are learned as
 * if an expert had written them. The loss is that of supervised fine-tuning, the mean over the tokens that are learned.
 */
export const expertIteration: Algorithm<typeof options> = {
  name: 'expert-iteration',
  description: 'the best completions of each prompt, learned as in supervised fine-tuning',
  options,
  valueHead: false,
  groups: true,
  conflict: ({ keep, minimumScore, completionsPerPrompt, samplerCorrection }) =>
    noCorrection({ samplerCorrection }) ??
    (minimumScore === null && keep >= completionsPerPrompt
      ? {
          where: 'keep',
          value: keep,
          expected: `less than completionsPerPrompt (${completionsPerPrompt}): whoever keeps all of them chooses none`,
          remedy: 'keep fewer, sample more, or set minimumScore',
        }
      : undefined),
  needs: () => ({ logProbs: false, reference: false }),

  select(batch, { keep, minimumScore }) {
    const groups = groupsOf(batch.rollouts);
    const unequal = groups.filter((rows) => !areEqual(rows.map((row) => batch.scores[row]!)));
    const rows = (minimumScore === null ? unequal : groups)
      .flatMap((group) => best(batch, group).slice(0, keep))
      .filter((row) => minimumScore === null || batch.scores[row]! >= minimumScore);
    return {
      rows,
      metrics: {
        frac_reward_zero_std: 1 - unequal.length / groups.length,
        'completions/learned': rows.length,
        ...(rows.length === 0 ? {} : { 'completions/learned_score': mean(rows.map((row) => batch.scores[row]!)) }),
      },
    };
  },

  advantages: () => ({ columns: {} }),

  loss:
    () =>
    ({ logProbs, entropy }, { mask, scalars }) => {
      const perToken = (values: tf.Tensor2D): tf.Scalar => tf.div(total(onTokens(values, mask)), scalars['tokens']!);
      const loss = perToken(tf.neg(logProbs));
      return { loss, metrics: { 'loss/policy_avg': loss, entropy: perToken(entropy) } };
    },
};

/** Rows of a prompt, best first, of equal texts only the first. */
function best({ rollouts, scores }: RolloutBatch, rows: readonly number[]): number[] {
  const seen = new Set<string>();
  return [...rows]
    .sort((a, b) => scores[b]! - scores[a]!)
    .filter((row) => {
      const text = rollouts[row]!.tokens.join();
      if (seen.has(text)) return false;
      seen.add(text);
      return true;
    });
}
