import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { checkLabelledProbabilities } from './check.js';
import { ascendingOrder } from './order.js';

/** How predictions are grouped into bins. */
export interface CalibrationOptions {
  /** Number of bins. Default 15, as in Guo et al. 2017. */
  readonly bins?: number;
  /** `uniform`: bins of equal width; `quantile`: bins of equal mass, (nearly) equal counts. Default `uniform`. */
  readonly strategy?: 'uniform' | 'quantile';
}

/** A bin of a reliability diagram, one that has rows. */
export interface ReliabilityBin {
  /** Rows in it. */
  readonly rows: number;
  /** Smallest probability in it. */
  readonly smallest: number;
  /** Largest probability in it. */
  readonly largest: number;
  /** Mean probability: where the bin stands on the horizontal axis. */
  readonly meanProbability: number;
  /** Share of positives: how high it stands. On the diagonal the two are equal. */
  readonly positiveShare: number;
}

const CALIBRATION_OPTIONS: OptionKeys<CalibrationOptions> = { bins: true, strategy: true };

/** Most bins: their sums are in memory. */
const MOST_BINS = 1_000_000;

/**
 * The bins of a reliability diagram (Niculescu-Mizil & Caruana 2005, "Predicting Good Probabilities With Supervised Learning") in
 * ascending order; bins without rows are left out.
 *
 * Of `uniform` bins, a probability on an inner edge belongs to the bin that begins there, and 1 to the last. Of `quantile` bins, equal
 * probabilities stay together, in the bin where the first of them falls.
 *
 * @param labels 0 or 1, one a row.
 * @param probabilities of label 1.
 * @throws CtrError `CTR_OPTION` for a number of bins that is no integer from 1 to 1,000,000, or another strategy; `CTR_PROBABILITY`,
 * `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function reliabilityDiagram(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  parameters: CalibrationOptions = {},
): ReliabilityBin[] {
  return binned('reliabilityDiagram', labels, probabilities, parameters);
}

/** {@link reliabilityDiagram} for metrics that are made of its bins. @param where the metric that errors name */
export function binned(
  where: string,
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  parameters: CalibrationOptions,
): ReliabilityBin[] {
  checkOptions(where, parameters, CALIBRATION_OPTIONS);
  const { bins = 15, strategy = 'uniform' } = parameters;
  checkLabelledProbabilities(where, labels, probabilities);
  if (!Number.isInteger(bins) || bins < 1 || bins > MOST_BINS) {
    throw new CtrError('CTR_OPTION', `bins is ${String(bins)}`, { where, expected: `an integer from 1 to ${MOST_BINS}` });
  }
  if (strategy !== 'uniform' && strategy !== 'quantile') {
    throw new CtrError('CTR_OPTION', `strategy is ${String(strategy)}`, { where, expected: 'uniform or quantile' });
  }
  const binOf = strategy === 'uniform' ? uniformBins(probabilities, bins) : quantileBins(probabilities, bins);

  const counts = new Float64Array(bins);
  const positives = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const smallest = new Float64Array(bins).fill(1);
  const largest = new Float64Array(bins);
  for (let row = 0; row < labels.length; row += 1) {
    const bin = binOf[row]!;
    const p = probabilities[row]!;
    counts[bin]! += 1;
    positives[bin]! += labels[row]!;
    sums[bin]! += p;
    if (p < smallest[bin]!) smallest[bin] = p;
    if (p > largest[bin]!) largest[bin] = p;
  }
  return Array.from(counts).flatMap((rows, bin) =>
    rows === 0
      ? []
      : [
          {
            rows,
            smallest: smallest[bin]!,
            largest: largest[bin]!,
            meanProbability: sums[bin]! / rows,
            positiveShare: positives[bin]! / rows,
          },
        ],
  );
}

function uniformBins(probabilities: ArrayLike<number>, bins: number): Uint32Array {
  return Uint32Array.from(probabilities, (p) => Math.min(bins - 1, Math.floor(p * bins)));
}

function quantileBins(probabilities: ArrayLike<number>, bins: number): Uint32Array {
  const order = ascendingOrder(probabilities);
  const binOf = new Uint32Array(order.length);
  for (let rank = 0; rank < order.length; rank += 1) {
    const tied = rank > 0 && probabilities[order[rank]!] === probabilities[order[rank - 1]!];
    binOf[order[rank]!] = tied ? binOf[order[rank - 1]!]! : Math.floor((rank * bins) / order.length);
  }
  return binOf;
}
