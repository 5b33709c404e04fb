import type { LearnerWarning } from './learner.js';
import type { ResolvedLoopConfig } from './loop-options.js';

/** Where warnings go by default: Node's own channel, which a program can listen to or silence. */
export function emitWarning({ code, message }: LearnerWarning): void {
  process.emitWarning(message, { code });
}

/** Top-k and top-p change the distribution that is sampled, so that old log-probabilities are not those of the samples. */
export function samplingWarning({ topK, topP }: ResolvedLoopConfig): LearnerWarning | undefined {
  if (topK === null && topP === 1) return undefined;
  return {
    code: 'PPO_NOT_PURE_SAMPLES',
    message: `rollouts with topK ${topK ?? 'off'} and topP ${topP} are not samples of the policy: ratios and KL are biased; set topK null and topP 1`,
  };
}

/** |log ratio| that chunking and padding may cause before the first update. */
export const RATIO_TOLERANCE = 1e-4;

/** The same where the old log-probabilities are the sampler's, whose graphs sum in another order. */
export const SAMPLER_RATIO_TOLERANCE = 1e-2;

/** Before any update, the step must see the very policy that was scored, or that sampled. */
export function ratioWarning(
  firstLogRatio: number,
  { oldLogProbs, maxStaleness }: Pick<ResolvedLoopConfig, 'oldLogProbs' | 'maxStaleness'>,
): LearnerWarning | undefined {
  const bySampler = oldLogProbs === 'sampler';
  if (firstLogRatio <= (bySampler ? SAMPLER_RATIO_TOLERANCE : RATIO_TOLERANCE) || (bySampler && maxStaleness > 0)) return undefined;
  const why = bySampler
    ? "the sampler is not the policy: set oldLogProbs to 'policy', and see samplerCorrection"
    : 'the policy scores and trains with different forwards';
  return {
    code: 'PPO_RATIO_NOT_ONE',
    message: `before any update a log ratio of ${firstLogRatio.toPrecision(3)} stands where 0 is expected: ${why}`,
  };
}
