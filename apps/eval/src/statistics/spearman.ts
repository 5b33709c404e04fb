import type { Rng } from '@expctr/core';
import { denseGroups, drawGroups } from '@expctr/ctr-models';

/** Spearman's rank correlation, ties by midranks; NaN where one of the columns is constant. Equal to `scipy.stats.spearmanr`. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return weightedSpearman(new Float64Array(x.length).fill(1), ranking(x), ranking(y));
}

/** Spearman's rank correlation of every resample of a bootstrap over users: [resamples], NaN where it has no value. */
export function bootstrapSpearman(
  user: ArrayLike<number>,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  resamples: number,
  rng: Rng,
): Float64Array {
  const users = denseGroups(user);
  const [xRanking, yRanking] = [ranking(x), ranking(y)];
  const drawn = new Uint16Array(users.count);
  const weights = new Float64Array(x.length);
  return Float64Array.from({ length: resamples }, () => {
    drawGroups(drawn, rng);
    users.codes.forEach((code, row) => (weights[row] = drawn[code]!));
    return weightedSpearman(weights, xRanking, yRanking);
  });
}

/** Rows in ascending order: sorted once, walked in every resample. */
interface Ranking {
  readonly order: Uint32Array;
  /** [rows], along `order`: 1 where a value is above the one before it. */
  readonly rises: Uint8Array;
}

function ranking(values: ArrayLike<number>): Ranking {
  const order = Uint32Array.from({ length: values.length }, (_, row) => row).sort((a, b) => values[a]! - values[b]!);
  return { order, rises: Uint8Array.from(order, (row, at) => (at > 0 && values[row]! > values[order[at - 1]!]! ? 1 : 0)) };
}

/** Pearson's correlation of midranks, every row counted as often as its weight says. */
function weightedSpearman(weights: Float64Array, x: Ranking, y: Ranking): number {
  const [a, b] = [midranks(x, weights), midranks(y, weights)];
  let [total, meanA, meanB] = [0, 0, 0];
  weights.forEach((weight, row) => {
    total += weight;
    meanA += weight * a[row]!;
    meanB += weight * b[row]!;
  });
  meanA /= total;
  meanB /= total;
  let [ab, aa, bb] = [0, 0, 0];
  weights.forEach((weight, row) => {
    const [u, v] = [a[row]! - meanA, b[row]! - meanB];
    ab += weight * u * v;
    aa += weight * u * u;
    bb += weight * v * v;
  });
  return aa > 0 && bb > 0 ? Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb))) : Number.NaN;
}

/** Midranks (up to a constant) as if every row stood there as often as its weight says. */
function midranks({ order, rises }: Ranking, weights: Float64Array): Float64Array {
  const ranks = new Float64Array(order.length);
  let below = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let tied = 0;
    do {
      tied += weights[order[end]!]!;
      end += 1;
    } while (end < order.length && rises[end] === 0);
    for (let at = start; at < end; at += 1) ranks[order[at]!] = below + tied / 2;
    below += tied;
    start = end;
  }
  return ranks;
}
