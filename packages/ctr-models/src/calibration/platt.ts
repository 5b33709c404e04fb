import { sigmoid } from '../model/predictor.js';
import { logit } from './logit.js';

/** Platt scaling: a logistic regression on the log-odds. */
export interface Platt {
  /** Discriminates the union. */
  readonly kind: 'platt';
  /** Factor of the log-odds. */
  readonly slope: number;
  /** Added to them. */
  readonly intercept: number;
}

/**
 * Slope and intercept with the smallest log-loss against Platt's targets, which leave room for what was not seen: (positives + 1) /
 * (positives + 2) for a positive, 1 / (negatives + 2) for a negative (Platt 1999, "Probabilistic Outputs for Support Vector Machines"), so
 * that rows which a threshold tells apart have a finite slope. Newton's method with step halving (Lin et al. 2007, "A Note on Platt's
 * Probabilistic Outputs"); the loss is convex.
 */
export function fitPlatt(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Platt {
  const logits = Float64Array.from(probabilities, logit);
  let positives = 0;
  for (let row = 0; row < labels.length; row += 1) positives += labels[row]!;
  const negatives = labels.length - positives;
  const targets = [1 / (negatives + 2), (positives + 1) / (positives + 2)] as const;

  const lossOf = (slope: number, intercept: number): number => {
    let loss = 0;
    for (let row = 0; row < logits.length; row += 1) {
      const x = slope * logits[row]! + intercept;
      const target = targets[labels[row]! as 0 | 1];
      loss += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - target * x;
    }
    return loss;
  };

  let [slope, intercept] = [0, Math.log((positives + 1) / (negatives + 1))];
  let loss = lossOf(slope, intercept);
  for (let step = 0; step < 100; step += 1) {
    const gradient = { slope: 0, intercept: 0 };
    const curvature = { slope: RIDGE, both: 0, intercept: RIDGE };
    for (let row = 0; row < logits.length; row += 1) {
      const x = logits[row]!;
      const p = sigmoid(slope * x + intercept);
      const error = p - targets[labels[row]! as 0 | 1];
      const weight = p * (1 - p);
      gradient.slope += error * x;
      gradient.intercept += error;
      curvature.slope += weight * x * x;
      curvature.both += weight * x;
      curvature.intercept += weight;
    }
    const determinant = curvature.slope * curvature.intercept - curvature.both ** 2;
    const move = {
      slope: -(curvature.intercept * gradient.slope - curvature.both * gradient.intercept) / determinant,
      intercept: -(curvature.slope * gradient.intercept - curvature.both * gradient.slope) / determinant,
    };
    let size = 1;
    let next = lossOf(slope + move.slope, intercept + move.intercept);
    while (!(next <= loss) && size > 1e-10) {
      size /= 2;
      next = lossOf(slope + size * move.slope, intercept + size * move.intercept);
    }
    if (!(next <= loss)) break;
    slope += size * move.slope;
    intercept += size * move.intercept;
    const gained = loss - next;
    loss = next;
    if (gained <= 1e-15 * Math.abs(loss)) break;
  }
  return { kind: 'platt', slope, intercept };
}

/** Added to the curvature, so that a step exists where all log-odds are equal (Lin et al. 2007). */
const RIDGE = 1e-12;

/** A probability scaled. */
export function applyPlatt({ slope, intercept }: Platt, p: number): number {
  return sigmoid(slope * logit(p) + intercept);
}
