import { ascendingOrder } from '../metrics/order.js';

/** Isotonic regression: a non-decreasing curve through points, straight between them and level beyond. */
export interface Isotonic {
  /** Discriminates the union. */
  readonly kind: 'isotonic';
  /** Probabilities where the curve bends, ascending. */
  readonly thresholds: readonly number[];
  /** What it gives there, never descending. 0 or 1 where no row contradicted it. */
  readonly values: readonly number[];
}

/**
 * The non-decreasing values closest to `values` in (weighted) squares: pool adjacent violators (Ayer et al. 1955; Best & Chakravarti
 * 1990), O(n).
 *
 * @param weights above 0, one a value; default 1 each
 */
export function poolAdjacentViolators(values: ArrayLike<number>, weights?: ArrayLike<number>): Float64Array {
  const means = new Float64Array(values.length); // of the blocks so far
  const sizes = new Float64Array(values.length); // their weights
  const ends = new Uint32Array(values.length);
  let blocks = 0;
  for (let at = 0; at < values.length; at += 1) {
    let mean = values[at]!;
    let size = weights === undefined ? 1 : weights[at]!;
    while (blocks > 0 && means[blocks - 1]! > mean) {
      blocks -= 1;
      const together = size + sizes[blocks]!;
      mean = (mean * size + means[blocks]! * sizes[blocks]!) / together;
      size = together;
    }
    means[blocks] = mean;
    sizes[blocks] = size;
    ends[blocks] = at + 1;
    blocks += 1;
  }
  const fitted = new Float64Array(values.length);
  for (let block = 0, at = 0; block < blocks; block += 1) {
    fitted.fill(means[block]!, at, ends[block]);
    at = ends[block]!;
  }
  return fitted;
}

/**
 * The isotonic curve of the labels over the probabilities (Zadrozny & Elkan 2002, "Transforming Classifier Scores into Accurate
 * Multiclass Probability Estimates"), as `sklearn.isotonic.IsotonicRegression` draws it: rows with equal probabilities are one point of
 * their weight, and points inside a level stretch are left out.
 */
export function fitIsotonic(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Isotonic {
  const order = ascendingOrder(probabilities);
  const points: number[] = [];
  const shares: number[] = [];
  const counts: number[] = [];
  for (let first = 0, end = 0; first < order.length; first = end) {
    const p = probabilities[order[first]!]!;
    let positives = 0;
    for (; end < order.length && probabilities[order[end]!]! === p; end += 1) positives += labels[order[end]!]!;
    points.push(p + 0); // -0 becomes 0
    counts.push(end - first);
    shares.push(positives / (end - first));
  }
  const fitted = poolAdjacentViolators(shares, counts);
  const bends = points.flatMap((_, at) =>
    at > 0 && at + 1 < points.length && fitted[at - 1] === fitted[at] && fitted[at] === fitted[at + 1] ? [] : [at],
  );
  return { kind: 'isotonic', thresholds: bends.map((at) => points[at]!), values: bends.map((at) => fitted[at]!) };
}

/** The curve at a probability. */
export function applyIsotonic({ thresholds, values }: Isotonic, p: number): number {
  let [low, high] = [0, thresholds.length - 1];
  if (p <= thresholds[low]!) return values[low]!;
  if (p >= thresholds[high]!) return values[high]!;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (thresholds[middle]! <= p) low = middle;
    else high = middle;
  }
  const part = (p - thresholds[low]!) / (thresholds[high]! - thresholds[low]!);
  return values[low]! + part * (values[high]! - values[low]!);
}
