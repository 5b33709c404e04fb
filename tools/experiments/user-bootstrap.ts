// Figures of rows with intervals by a bootstrap over users: rows of one user are no independent observations.
import { createRng } from '@expctr/core';
import { auc } from '@expctr/ctr-models';

/** Figures with their 95 % intervals. */
export type Estimates<Name extends string> = { readonly [N in Name]: number } & {
  readonly [N in Name as `${N}Interval`]: readonly [low: number, high: number];
};

const RESAMPLES = 2000;

/**
 * Point values and 95 % percentile intervals over 2,000 resamples of users.
 * @param statistic figures of some rows, by their indices @param users of each row
 */
export function intervals<Name extends string>(
  statistic: (indices: readonly number[]) => Record<Name, number>,
  users: readonly number[],
): Estimates<Name> {
  const rowsOfUser = new Map<number, number[]>();
  users.forEach((user, i) => rowsOfUser.set(user, [...(rowsOfUser.get(user) ?? []), i]));
  const groups = [...rowsOfUser.values()];
  const rng = createRng('bootstrap');
  const point = statistic(users.map((_, i) => i));
  const draws = Array.from({ length: RESAMPLES }, () => statistic(groups.flatMap(() => groups[rng.int(groups.length)]!)));
  const entries = (Object.keys(point) as Name[]).flatMap((name): [string, unknown][] => {
    const sorted = draws
      .map((draw) => draw[name])
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    return [
      [name, point[name]],
      [`${name}Interval`, [sorted[Math.floor(0.025 * sorted.length)], sorted[Math.ceil(0.975 * sorted.length) - 1]]],
    ];
  });
  return Object.fromEntries(entries) as Estimates<Name>;
}

/** Mean of some values. */
export function meanAt(values: ArrayLike<number>, indices: readonly number[]): number {
  return indices.reduce((sum, i) => sum + values[i]!, 0) / indices.length;
}

/** AUC on some rows; NaN where they have one label. */
export function aucAt(scores: ArrayLike<number>, label: ArrayLike<number>, indices: readonly number[]): number {
  const labels = indices.map((i) => label[i]!);
  if (new Set(labels).size < 2) return NaN;
  return auc(
    labels,
    indices.map((i) => scores[i]!),
  );
}
