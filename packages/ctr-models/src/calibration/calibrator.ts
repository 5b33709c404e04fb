import { readFile } from 'node:fs/promises';
import { parseJson, writeFileAtomic } from '@expctr/core';
import { z } from 'zod';
import { CtrError } from '../errors.js';
import { checkLabelledProbabilities, checkProbabilities, oneClass } from '../metrics/check.js';
import { applyIsotonic, fitIsotonic, type Isotonic } from './isotonic.js';
import { applyPlatt, fitPlatt, type Platt } from './platt.js';
import { applyTemperature, fitTemperature, type Temperature } from './temperature.js';

/** A map from probabilities to better calibrated ones. Plain JSON. */
export type Calibrator = Temperature | Platt | Isotonic;

/** How a calibrator is fitted: `temperature` has one parameter, `platt` two, `isotonic` as many as the rows ask for. */
export type CalibrationKind = Calibrator['kind'];

interface Calibration<C extends Calibrator> {
  readonly fit: (labels: ArrayLike<number>, probabilities: ArrayLike<number>) => C;
  readonly apply: (calibrator: C, p: number) => number;
}

const CALIBRATIONS: { readonly [K in CalibrationKind]: Calibration<Extract<Calibrator, { kind: K }>> } = {
  temperature: { fit: fitTemperature, apply: applyTemperature },
  platt: { fit: fitPlatt, apply: applyPlatt },
  isotonic: { fit: fitIsotonic, apply: applyIsotonic },
};

/**
 * Fits a calibrator on rows that the model was not fitted on: validation rows, for {@link calibrate} to apply to others.
 *
 * Few rows bear one or two parameters alone; `isotonic` wants thousands, changes ties, and can answer with 0 or 1.
 *
 * @param kind what to fit
 * @param labels 0 or 1, one a row.
 * @param probabilities of label 1, as the model gives them.
 * @throws CtrError `CTR_ONE_CLASS` where all labels are equal; `CTR_OPTION` for another kind; `CTR_PROBABILITY`, `CTR_EMPTY`,
 * `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function fitCalibrator(kind: CalibrationKind, labels: ArrayLike<number>, probabilities: ArrayLike<number>): Calibrator {
  if (!Object.hasOwn(CALIBRATIONS, kind)) {
    const expected = `one of ${Object.keys(CALIBRATIONS).join(', ')}`;
    throw new CtrError('CTR_OPTION', `there is no calibration '${String(kind)}'`, { where: 'fitCalibrator', expected });
  }
  checkLabelledProbabilities('fitCalibrator', labels, probabilities);
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) positives += labels[row]!;
  if (positives === 0 || positives === labels.length) throw oneClass('fitCalibrator', labels);
  return CALIBRATIONS[kind].fit(labels, probabilities);
}

/**
 * Calibrated probabilities, one a row.
 * @throws CtrError `CTR_PROBABILITY`, `CTR_LENGTH`, `CTR_NOT_FINITE`.
 */
export function calibrate(calibrator: Calibrator, probabilities: ArrayLike<number>): Float64Array {
  checkProbabilities('calibrate', probabilities);
  const apply = CALIBRATIONS[calibrator.kind].apply as (calibrator: Calibrator, p: number) => number;
  return Float64Array.from(probabilities, (p) => apply(calibrator, p));
}

const ascending = (values: readonly number[]): boolean => values.every((value, at) => at === 0 || values[at - 1]! <= value);
const curve = z.array(z.number().min(0).max(1)).min(1).refine(ascending, 'not in ascending order');

const FORMAT = 'ctr-calibrator/1';
const calibratorFile = z.object({
  format: z.literal(FORMAT),
  calibrator: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('temperature'), temperature: z.number().positive() }),
    z.object({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
    z
      .object({ kind: z.literal('isotonic'), thresholds: curve, values: curve })
      .refine(({ thresholds, values }) => thresholds.length === values.length, 'thresholds and values differ in number'),
  ]),
});

/** Writes a calibrator to a JSON file, atomically; {@link loadCalibrator} reads it back to the last bit. */
export async function saveCalibrator(path: string, calibrator: Calibrator): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify({ format: FORMAT, calibrator })}\n`);
}

/**
 * Reads what {@link saveCalibrator} wrote.
 * @throws CtrError `CTR_MODEL_FILE` where the file is missing, damaged or of another version.
 */
export async function loadCalibrator(path: string): Promise<Calibrator> {
  const broken = (what: string, cause?: unknown): CtrError =>
    new CtrError('CTR_MODEL_FILE', what, {
      where: path,
      expected: `a file written by saveCalibrator, of the format ${FORMAT}`,
      remedy: 'copy the file again, or fit and save the calibrator anew',
      cause,
    });
  let value: unknown;
  try {
    value = parseJson(await readFile(path, 'utf8'));
  } catch (cause) {
    throw broken('it cannot be read as JSON', cause);
  }
  const read = calibratorFile.safeParse(value);
  if (read.success) return read.data.calibrator;
  const { path: at, message } = read.error.issues[0]!;
  throw broken(at.length === 0 ? message : `${at.join('.')}: ${message}`);
}
