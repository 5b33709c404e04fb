import { binned, type CalibrationOptions } from './reliability.js';

/**
 * Expected calibration error: over bins of predictions, the mean of |share of positives - mean probability| weighted by rows
 * (Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3). 0 is perfect, 1 the worst. The bins are those of
 * `reliabilityDiagram`.
 *
 * @throws CtrError `CTR_OPTION` for fewer than one bin; `CTR_PROBABILITY`, `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function expectedCalibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  parameters: CalibrationOptions = {},
): number {
  const bins = binned('expectedCalibrationError', labels, probabilities, parameters);
  const gap = bins.reduce((sum, { rows, positiveShare, meanProbability }) => sum + rows * Math.abs(positiveShare - meanProbability), 0);
  return gap / labels.length;
}
