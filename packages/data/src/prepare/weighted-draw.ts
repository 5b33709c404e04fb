import type { Rng } from '@expctr/core';

/** Draws an index with probability `weights[i] / sum`, by halving the running sums; an index of weight 0 never. */
export function createWeightedDraw(weights: Float64Array): (rng: Rng) => number {
  const until = new Float64Array(weights.length);
  let total = 0;
  let last = 0; // rounding must not lead behind the last index that has a weight
  for (let i = 0; i < weights.length; i += 1) {
    if (weights[i]! > 0) last = i;
    until[i] = total += weights[i]!;
  }
  return (rng) => {
    const point = rng.next() * total;
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (until[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
