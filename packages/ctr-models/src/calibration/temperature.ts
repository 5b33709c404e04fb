import { sigmoid } from '../model/predictor.js';
import { logit } from './logit.js';

/** Temperature scaling: every log-odds divided by one number. It changes no order. */
export interface Temperature {
  /** Discriminates the union. */
  readonly kind: 'temperature';
  /** Above 1 pulls probabilities toward a half, below 1 away from it. */
  readonly temperature: number;
}

/** Temperatures that a fit can find. Rows that a threshold of a half tells apart have none: 0 would be best. */
export const TEMPERATURES = { least: 0.01, most: 100 } as const;

/**
 * The temperature with the smallest log-loss (Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 9): the loss is convex
 * in 1 / temperature, so the place where its slope changes sign is found by bisection.
 */
export function fitTemperature(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Temperature {
  const logits = Float64Array.from(probabilities, logit);
  const slope = (inverse: number): number => {
    let sum = 0;
    for (let row = 0; row < logits.length; row += 1) sum += (sigmoid(inverse * logits[row]!) - labels[row]!) * logits[row]!;
    return sum;
  };
  let [low, high] = [1 / TEMPERATURES.most, 1 / TEMPERATURES.least];
  for (let step = 0; step < 60 && high - low > 1e-14 * high; step += 1) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return { kind: 'temperature', temperature: 2 / (low + high) };
}

/** A probability at another temperature. */
export function applyTemperature({ temperature }: Temperature, p: number): number {
  return sigmoid(logit(p) / temperature);
}
