import { solvePositiveDefinite } from '../positive-definite.js';
import { KINSHIP, WHIM_DEVIATION } from './tastes.js';
import { FIELD_COUNT, MEANING_OF, MEANINGS, VALUE_COUNT } from './vocabulary.js';

/** Items that a user met, and what became of them. */
export interface Met {
  /** Values of each item, one a field. */
  readonly values: readonly (readonly number[])[];
  /** 1: chosen. */
  readonly labels: readonly number[];
}

/** Variance of a taste for a meaning, on average over meanings, and of a whim. */
const [MEANING_VARIANCE, WHIM_VARIANCE] = [KINSHIP ** 2 * 1.35 ** 2, (1 - KINSHIP ** 2) * WHIM_DEVIATION ** 2];
const EQUAL: readonly number[] = Array.from({ length: FIELD_COUNT }, () => 1);
const STEPS = 12;
const CONVERGED = 1e-9;

/**
 * The expectation of a user's taste for every value, given what they met, for one who knows what words mean: Laplace's approximation of
 * a Gaussian process with logistic labels (Rasmussen and Williams 2006, algorithm 3.1), in which values of one meaning are kin.
 * @param fieldWeights how much each field counts; default all the same, for one who knows meanings and not the platform
 * @returns [values] tastes, 0 where nothing is known
 */
export function expectedTastes({ values, labels }: Met, fieldWeights: readonly number[] = EQUAL): Float64Array {
  const count = values.length;
  const expected = new Float64Array(VALUE_COUNT);
  if (count === 0) return expected;
  const meant = values.map((own) => {
    const sums = new Float64Array(MEANINGS.length);
    own.forEach((value, field) => (sums[MEANING_OF[value]!]! += fieldWeights[field]!));
    return sums;
  });
  const kin = new Float64Array(count * count); // covariance of the logits of two items
  for (let a = 0; a < count; a += 1) {
    for (let b = 0; b <= a; b += 1) {
      let [meaning, whim] = [0, 0];
      for (let m = 0; m < MEANINGS.length; m += 1) meaning += meant[a]![m]! * meant[b]![m]!;
      for (let f = 0; f < FIELD_COUNT; f += 1) if (values[a]![f] === values[b]![f]) whim += fieldWeights[f]! ** 2;
      kin[a * count + b] = kin[b * count + a] = MEANING_VARIANCE * meaning + WHIM_VARIANCE * whim;
    }
  }
  const alpha = posteriorWeights(kin, labels);
  const ofMeaning = new Float64Array(MEANINGS.length);
  const ofValue = new Float64Array(VALUE_COUNT);
  alpha.forEach((weight, row) => {
    meant[row]!.forEach((sum, m) => (ofMeaning[m]! += weight * sum));
    values[row]!.forEach((value, field) => (ofValue[value]! += weight * fieldWeights[field]!));
  });
  return expected.map((_, value) => MEANING_VARIANCE * ofMeaning[MEANING_OF[value]!]! + WHIM_VARIANCE * ofValue[value]!);
}

/** Newton's method: (K + W^-1)^-1 z at the mode, with K the covariance of the logits. */
function posteriorWeights(kin: Float64Array, labels: readonly number[]): Float64Array {
  const count = labels.length;
  let logits: Float64Array = new Float64Array(count);
  let alpha: Float64Array = new Float64Array(count);
  for (let step = 0; step < STEPS; step += 1) {
    const system = kin.slice();
    const target = new Float64Array(count);
    for (let row = 0; row < count; row += 1) {
      const p = 1 / (1 + Math.exp(-logits[row]!));
      const curvature = Math.max(p * (1 - p), 1e-4);
      system[row * count + row]! += 1 / curvature;
      target[row] = logits[row]! + (labels[row]! - p) / curvature;
    }
    alpha = solvePositiveDefinite(system, target);
    const next = new Float64Array(count);
    let change = 0;
    for (let a = 0; a < count; a += 1) {
      let sum = 0;
      for (let b = 0; b < count; b += 1) sum += kin[a * count + b]! * alpha[b]!;
      next[a] = sum;
      change = Math.max(change, Math.abs(sum - logits[a]!));
    }
    logits = next;
    if (change < CONVERGED) break;
  }
  return alpha;
}
