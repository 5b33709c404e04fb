import { checkLabelledProbabilities } from './check.js';
import { binned, type CalibrationOptions } from './reliability.js';

/**
 * Brier score: the mean of (probability - label)^2 (Brier 1950, "Verification of Forecasts Expressed in Terms of Probability").
 *
 * @param labels 0 or 1, one a row. One class alone is fine.
 * @param probabilities of label 1.
 * @throws CtrError `CTR_PROBABILITY` outside [0, 1]; `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  checkLabelledProbabilities('brierScore', labels, probabilities);
  return meanSquaredError(labels, probabilities);
}

/** The parts of a Brier score: it is `reliability - resolution + uncertainty + withinBins`. */
export interface BrierDecomposition {
  /** The score itself. */
  readonly score: number;
  /** Mean squared distance of a bin's share of positives from its mean probability, by rows. 0 is calibrated. */
  readonly reliability: number;
  /** Mean squared distance of a bin's share of positives from that of all rows. More tells more apart. */
  readonly resolution: number;
  /** Variance of the labels. */
  readonly uncertainty: number;
  /** What bins hide: 0 where the probabilities of each bin are equal. It can be below 0. */
  readonly withinBins: number;
}

/**
 * Murphy's decomposition of the Brier score (Murphy 1973, "A New Vector Partition of the Probability Score") over the bins of
 * `reliabilityDiagram`, with what the binning leaves over (Stephenson et al. 2008, "Two Extra Components in the Brier Score
 * Decomposition", their sum).
 *
 * @throws CtrError as `reliabilityDiagram`.
 */
export function brierDecomposition(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  parameters: CalibrationOptions = {},
): BrierDecomposition {
  const bins = binned('brierDecomposition', labels, probabilities, parameters);
  const count = labels.length;
  const share = bins.reduce((sum, bin) => sum + bin.rows * bin.positiveShare, 0) / count;
  const reliability = bins.reduce((sum, bin) => sum + bin.rows * (bin.positiveShare - bin.meanProbability) ** 2, 0) / count;
  const resolution = bins.reduce((sum, bin) => sum + bin.rows * (bin.positiveShare - share) ** 2, 0) / count;
  const uncertainty = share * (1 - share);
  const score = meanSquaredError(labels, probabilities);
  return { score, reliability, resolution, uncertainty, withinBins: score - (reliability - resolution + uncertainty) };
}

function meanSquaredError(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i += 1) sum += (probabilities[i]! - labels[i]!) ** 2;
  return sum / labels.length;
}
