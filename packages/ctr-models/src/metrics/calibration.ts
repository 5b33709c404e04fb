import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { checkLabelledProbabilities } from './check.js';

/** How {@link expectedCalibrationError} groups predictions. */
export interface CalibrationOptions {
  /** Number of bins. Default 15, as in Guo et al. 2017. */
  readonly bins?: number;
  /** `uniform`: bins of equal width; `quantile`: bins of (nearly) equal counts. Default `uniform`. */
  readonly strategy?: 'uniform' | 'quantile';
}

const EXPECTED_CALIBRATION_ERROR_OPTIONS: OptionKeys<CalibrationOptions> = { bins: true, strategy: true };

/**
 * Expected calibration error: over bins of predictions, the mean of |share of positives - mean probability| weighted by rows
 * (Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3). 0 is perfect, 1 the worst.
 *
 * A probability on an inner edge belongs to the bin that begins there; 1 belongs to the last.
 *
 * @throws CtrError `CTR_OPTION` for fewer than one bin; `CTR_PROBABILITY`, `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function expectedCalibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  parameters: CalibrationOptions = {},
): number {
  checkOptions('expectedCalibrationError', parameters, EXPECTED_CALIBRATION_ERROR_OPTIONS);
  const { bins = 15, strategy = 'uniform' } = parameters;
  checkLabelledProbabilities('expectedCalibrationError', labels, probabilities);
  if (!Number.isInteger(bins) || bins < 1) {
    throw new CtrError('CTR_OPTION', `bins is ${bins}`, { where: 'expectedCalibrationError', expected: 'an integer of at least 1' });
  }
  const binOf = strategy === 'uniform' ? uniformBins(probabilities, bins) : quantileBins(probabilities, bins);
  const gap = new Float64Array(bins);
  for (let i = 0; i < labels.length; i += 1) gap[binOf[i]!]! += labels[i]! - probabilities[i]!;
  return gap.reduce((sum, g) => sum + Math.abs(g), 0) / labels.length;
}

function uniformBins(probabilities: ArrayLike<number>, bins: number): Uint32Array {
  return Uint32Array.from(probabilities, (p) => Math.min(bins - 1, Math.floor(p * bins)));
}

function quantileBins(probabilities: ArrayLike<number>, bins: number): Uint32Array {
  const n = probabilities.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => probabilities[a]! - probabilities[b]!);
  const binOf = new Uint32Array(n);
  for (let rank = 0; rank < n; rank += 1) {
    const tied = rank > 0 && probabilities[order[rank]!] === probabilities[order[rank - 1]!];
    binOf[order[rank]!] = tied ? binOf[order[rank - 1]!]! : Math.floor((rank * bins) / n);
  }
  return binOf;
}
