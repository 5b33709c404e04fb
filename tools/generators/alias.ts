// Draws from a fixed distribution in constant time: Walker's alias method.
import type { Rng } from '@expctr/core';

/** @returns draws k with probability weights[k] / sum of the weights */
export function createAlias(weights: readonly number[], rng: Rng): () => number {
  const n = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const probability = Float64Array.from(weights, (weight) => (weight * n) / total);
  const alias = new Int32Array(n);
  const small: number[] = [];
  const large: number[] = [];
  probability.forEach((p, k) => (p < 1 ? small : large).push(k));
  while (small.length > 0 && large.length > 0) {
    const [less, more] = [small.pop()!, large.pop()!];
    alias[less] = more;
    probability[more]! -= 1 - probability[less]!;
    (probability[more]! < 1 ? small : large).push(more);
  }
  for (const k of [...small, ...large]) probability[k] = 1;
  return () => {
    const at = rng.next() * n;
    const k = Math.floor(at);
    return at - k < probability[k]! ? k : alias[k]!;
  };
}
