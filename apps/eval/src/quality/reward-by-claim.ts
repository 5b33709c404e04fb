import type { Rng } from '@expctr/core';
import { percentileInterval } from '@expctr/ctr-models';
import { parseClaims } from '@expctr/testbed';
import type { Interval } from '../figures/interval.js';
import { CLAIM_KINDS, type RewardByClaim } from '../figures/rewards.js';
import { bootstrapTotals, totalsOf } from '../statistics/bootstrap-totals.js';
import { attributeKey, type RowFacts } from './facts.js';

/** Counts an explanation's claims by kind. @param label 1 = the user chose the item: claims in favor speak for it */
export function claimKinds(text: string, label: number, { reasons, item }: RowFacts): number[] {
  const counts = CLAIM_KINDS.map(() => 0);
  const seen = new Set<string>();
  for (const { field, value, sign } of parseClaims(text).claims) {
    const attribute = attributeKey(field, value);
    if (seen.has(`${sign}${attribute}`)) continue;
    seen.add(`${sign}${attribute}`);
    const truth = reasons.get(attribute)?.sign;
    const kind = truth === sign ? 'reason' : truth === undefined && item.includes(attribute) ? 'neutral' : 'other';
    const direction = sign > 0 === (label === 1) ? 'Toward' : 'Away';
    counts[CLAIM_KINDS.indexOf(`${kind}${direction}`)]! += 1;
  }
  return counts;
}

/**
 * What a reward pays for: least squares of the reward on counts of claims by kind, within prompts (each prompt's own mean is taken off,
 * so item, user and label cancel), with bootstrap intervals over users. Where naming neutral attributes in the right direction pays
 * as much as naming true reasons, the reward pins the verdict and not the reasons. Null for a kind that no two completions of a prompt
 * differ in.
 *
 * @param kinds [rows] as {@link claimKinds} counts them
 */
export function rewardByClaim(
  user: ArrayLike<number>,
  prompt: ArrayLike<number>,
  reward: ArrayLike<number>,
  kinds: readonly (readonly number[])[],
  resamples: number,
  rng: Rng,
): RewardByClaim {
  const columns = normalEquations(prompt, reward, kinds);
  const totals = totalsOf(columns);
  const statistics = CLAIM_KINDS.map((_, kind) => (sums: Float64Array) => solve(sums)[kind]!);
  const draws = bootstrapTotals({ user, columns }, statistics, resamples, rng);
  const entries = CLAIM_KINDS.flatMap((kind, at): [string, number | Interval | null][] => {
    const value = statistics[at]!(totals);
    return [
      [kind, Number.isNaN(value) ? null : value],
      [`${kind}Interval`, Number.isNaN(value) ? null : percentileInterval(draws[at]!)],
    ];
  });
  return Object.fromEntries(entries) as RewardByClaim;
}

const K = CLAIM_KINDS.length;

/** Per row its part of X'X (K * K columns) and of X'y (K columns), with X and y centered within prompts. */
function normalEquations(prompt: ArrayLike<number>, reward: ArrayLike<number>, kinds: readonly (readonly number[])[]): Float64Array[] {
  const sums = new Map<number, Float64Array>(); // rows, reward, kinds
  kinds.forEach((counts, row) => {
    const sum = sums.get(prompt[row]!) ?? new Float64Array(K + 2);
    sums.set(prompt[row]!, sum);
    [1, reward[row]!, ...counts].forEach((value, at) => (sum[at]! += value));
  });
  const columns = Array.from({ length: K * K + K }, () => new Float64Array(kinds.length));
  kinds.forEach((counts, row) => {
    const sum = sums.get(prompt[row]!)!;
    const x = counts.map((count, at) => count - sum[at + 2]! / sum[0]!);
    const y = reward[row]! - sum[1]! / sum[0]!;
    x.forEach((a, i) => {
      x.forEach((b, j) => (columns[i * K + j]![row] = a * b));
      columns[K * K + i]![row] = a * y;
    });
  });
  return columns;
}

/** Solves X'X b = X'y by Gauss-Jordan elimination; NaN for kinds that do not vary. */
function solve(sums: Float64Array): Float64Array {
  const rows = Array.from({ length: K }, (_, i) => [...sums.subarray(i * K, (i + 1) * K), sums[K * K + i]!]);
  const solved = new Float64Array(K).fill(Number.NaN);
  const pivots = Array.from({ length: K }, (_, i) => rows[i]![i]!);
  const kept: number[] = [];
  for (let i = 0; i < K; i += 1) {
    const pivot = rows[i]!;
    if (pivot[i]! <= 1e-9 * Math.max(1, pivots[i]!)) continue;
    kept.push(i);
    const scale = pivot[i]!;
    for (let j = 0; j <= K; j += 1) pivot[j]! /= scale;
    rows.forEach((other, at) => {
      const factor = other[i]!;
      if (at !== i && factor !== 0) for (let j = 0; j <= K; j += 1) other[j]! -= factor * pivot[j]!;
    });
  }
  for (const i of kept) solved[i] = rows[i]![K]!;
  return solved;
}
