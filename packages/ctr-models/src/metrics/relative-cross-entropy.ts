import { checkLabelledProbabilities, oneClass } from './check.js';
import { logLoss } from './log-loss.js';

/**
 * Relative cross entropy in percent: 100 (1 - log-loss / log-loss of always predicting the share of positives), as the RecSys Challenge
 * 2020 (Belli et al. 2020, "Privacy-Aware Recommender Systems Challenge on Twitter's Home Timeline") scores it. 0 is no better than that
 * share, 100 perfect, below 0 worse. 1 - RCE / 100 is the normalized entropy of He et al. 2014 ("Practical Lessons from Predicting Clicks
 * on Ads at Facebook").
 *
 * @param labels 0 or 1, one a row.
 * @param probabilities of label 1; clipped as by {@link logLoss}.
 * @throws CtrError `CTR_ONE_CLASS` where all labels are equal: their share then predicts them perfectly; `CTR_PROBABILITY`, `CTR_EMPTY`,
 * `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function relativeCrossEntropy(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  checkLabelledProbabilities('relativeCrossEntropy', labels, probabilities);
  let positives = 0;
  for (let i = 0; i < labels.length; i += 1) positives += labels[i]!;
  if (positives === 0 || positives === labels.length) throw oneClass('relativeCrossEntropy', labels);
  const share = positives / labels.length;
  const entropy = -share * Math.log(share) - (1 - share) * Math.log1p(-share);
  return 100 * (1 - logLoss(labels, probabilities) / entropy);
}
