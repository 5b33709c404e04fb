/**
 * Complementary error function, to about 12 digits: the Maclaurin series of erf below 2 (Abramowitz & Stegun 7.1.6), the continued
 * fraction 7.1.14 from there.
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x === Infinity) return 0;
  const density = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; term > sum * Number.EPSILON; n += 1) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - density * sum;
  }
  let fraction = 0;
  for (let n = 120; n > 0; n -= 1) fraction = n / 2 / (x + fraction);
  return density / 2 / (x + fraction);
}

/** Chance that a standard normal deviate is farther from 0 than `z`. */
export function twoSided(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2);
}

/** The `z` that a standard normal deviate stays within with the chance `level`, in (0, 1): 1.96 for 0.95. */
export function twoSidedQuantile(level: number): number {
  let [low, high] = [0, 40];
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (twoSided(middle) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
