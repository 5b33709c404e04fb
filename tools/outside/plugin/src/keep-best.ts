import { onTokens, total, type Algorithm } from '@expctr/ppo';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

const options = z.object({});

/** Best of n: the completion with the highest score of each prompt is made more probable, the others are forgotten. */
export const keepBest: Algorithm<typeof options> = {
  name: 'keep-best',
  description: 'makes the best completion of each prompt more probable',
  options,
  valueHead: false,
  groups: true,
  needs: () => ({ logProbs: false, reference: false }),
  select({ rollouts, scores }) {
    const best = new Map<number, number>();
    rollouts.forEach(({ promptIndex }, row) => {
      const held = best.get(promptIndex);
      if (held === undefined || scores[row]! > scores[held]!) best.set(promptIndex, row);
    });
    return { rows: [...best.values()] };
  },
  advantages: () => ({ columns: {} }),
  loss:
    () =>
    ({ logProbs }, { mask, scalars }) => {
      const likelihood = total(onTokens(logProbs, mask)); // nats
      const loss = tf.neg(tf.div(likelihood, scalars['tokens']!)).asScalar();
      return { loss, metrics: { 'loss/nll': loss } };
    },
};
