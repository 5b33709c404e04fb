import type { Conflict } from './algorithm.js';
import { PpoError } from './errors.js';
import { klEstimators, LOG_RATIO_LIMIT } from './kl.js';
import type { ResolvedLoopConfig } from './loop-options.js';
import { mapRagged, meanOfRowSums, rowSum, type Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';

type Correction = Pick<ResolvedLoopConfig, 'samplerCorrection' | 'samplerCorrectionCap'>;

/** The conflict of an algorithm that learns completions as they are, without advantages that could be weighted. */
export function noCorrection({ samplerCorrection }: Pick<Correction, 'samplerCorrection'>): Conflict | undefined {
  if (samplerCorrection === 'none') return undefined;
  return {
    where: 'samplerCorrection',
    value: samplerCorrection,
    expected: 'none, for the algorithm has no advantages that could be weighted',
    remedy: 'leave it out, or choose an algorithm with advantages',
  };
}

/** What {@link correctForSampler} gives. */
export interface Corrected {
  /** The columns with `advantages` weighted. */
  readonly columns: Readonly<Record<string, Ragged>>;
  /** `sampler/kl`, `sampler/ratio_max`, `sampler/clipped`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Truncated importance sampling: what the policy had said of a token over what the sampler said, at most `samplerCorrectionCap`, weighs
 * the advantage, so that completions of another precision or of an older adapter count by how likely the policy was to write them
 * (Espeholt et al. 2018, section 4; Yao et al. 2025, "Your efficient RL framework secretly brings you off-policy RL training"). By
 * token, or one weight for a completion, which is exact where its advantage is one number and varies more the longer it is. A token
 * that the sampler does not say (NaN) has the ratio 1.
 * @param logProbs of the policy before the update, nats
 * @throws PpoError PPO_CONFIG where the columns have no `advantages`
 */
export function correctForSampler(
  columns: Readonly<Record<string, Ragged>>,
  rollouts: readonly Rollout[],
  logProbs: Ragged,
  config: Correction,
): Corrected {
  const { samplerCorrection: level, samplerCorrectionCap: cap } = config;
  const { advantages } = columns;
  if (advantages === undefined) throw new PpoError('PPO_CONFIG', `the value is ${level}`, noCorrection(config)!);
  const logRatios = mapRagged(logProbs, (logProb, row, t) => {
    const said = rollouts[row]!.samplerLogProbs[t]!;
    return Number.isNaN(said) ? 0 : logProb - said;
  });
  const ratioOf = (logRatio: number): number => Math.exp(Math.min(logRatio, LOG_RATIO_LIMIT));
  const ratios: Ragged =
    level === 'token' ? mapRagged(logRatios, ratioOf) : logRatios.map((row) => new Float32Array(row.length).fill(ratioOf(rowSum(row))));
  const all = ratios.flatMap((row) => [...row]);
  return {
    columns: { ...columns, advantages: mapRagged(advantages, (advantage, row, t) => advantage * Math.min(ratios[row]![t]!, cap)) },
    metrics: {
      'sampler/kl': meanOfRowSums(mapRagged(logRatios, (logRatio) => klEstimators.k3(-logRatio))),
      'sampler/ratio_max': all.reduce((most, ratio) => Math.max(most, ratio), 0),
      'sampler/clipped': all.filter((ratio) => ratio > cap).length / all.length,
    },
  };
}
