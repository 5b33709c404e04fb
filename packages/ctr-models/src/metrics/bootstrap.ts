import type { Rng } from '@expctr/core';
import { checkLabelledProbabilities } from './check.js';
import { checkGroups, denseGroups, drawGroups, rowsByGroup, type DenseGroups } from './groups.js';
import { ascendingOrder } from './order.js';

/** Labels and users of the rows that are resampled. */
export interface LabelledRows {
  /** 0 or 1, one a row. */
  readonly label: ArrayLike<number>;
  /** User codes, one a row; a user's rows are drawn together. */
  readonly user: ArrayLike<number>;
}

/** Statistics of one column of scores, one a resample; NaN where a resample has no value. */
export interface Resampled {
  /** AUC. */
  readonly auc: Float64Array;
  /** AUC within each user, weighted by rows. */
  readonly groupedAuc: Float64Array;
  /** Mean negative log-likelihood in nats. */
  readonly logLoss: Float64Array;
}

/**
 * Bootstrap over users (a cluster bootstrap; Efron & Tibshirani 1993, chapter 8): each resample draws as many users as there are, with replacement, and takes all rows
 * of each. Rows of one user are not independent, so rows must not be drawn one by one. All columns see the same resamples, so
 * differences between them are paired.
 *
 * @param rows labels and users
 * @param columns probabilities by name, one a row
 * @param resamples how many
 * @param rng what draws them
 * @returns the statistics of every resample, by name
 * @throws CtrError `CTR_PROBABILITY`, `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function bootstrapOverUsers(
  rows: LabelledRows,
  columns: ReadonlyMap<string, ArrayLike<number>>,
  resamples: number,
  rng: Rng,
): ReadonlyMap<string, Resampled> {
  checkGroups('bootstrapOverUsers', rows.label.length, rows.user);
  for (const scores of columns.values()) checkLabelledProbabilities('bootstrapOverUsers', rows.label, scores);
  const users = denseGroups(rows.user);
  const prepared = [...columns].map(([name, scores]) => ({
    name,
    ranking: rank(rows.label, users.codes, scores),
    sums: userSums(rows.label, users, scores),
  }));
  const out = new Map(
    prepared.map(({ name }) => [
      name,
      { auc: new Float64Array(resamples), groupedAuc: new Float64Array(resamples), logLoss: new Float64Array(resamples) },
    ]),
  );
  const drawn = new Uint16Array(users.count);
  for (let resample = 0; resample < resamples; resample += 1) {
    drawGroups(drawn, rng);
    for (const { name, ranking, sums } of prepared) {
      const statistics = out.get(name);
      if (statistics === undefined) continue;
      statistics.auc[resample] = weightedAuc(ranking, drawn);
      statistics.groupedAuc[resample] = ratio(drawn, sums.groupedAuc, sums.groupedRows);
      statistics.logLoss[resample] = ratio(drawn, sums.loss, sums.rows);
    }
  }
  return out;
}

/**
 * Percentile interval of the resamples that have a value; null where fewer than half of them do.
 * @param level the share of them that it holds, in (0, 1)
 */
export function percentileInterval(values: Float64Array, level = 0.95): readonly [number, number] | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0 || sorted.length < values.length / 2) return null;
  return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
}

/** Quantile of sorted values, linear between neighbors. */
function quantile(sorted: Float64Array, q: number): number {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const below = sorted[low] ?? Number.NaN;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] ?? Number.NaN;
  return below + (above - below) * (at - low);
}

/** Rows in ascending order of score: sorted once, walked in every resample. */
interface Ranking {
  readonly user: Int32Array;
  readonly label: Uint8Array;
  /** 1 where a row's score is above that of the row before it. */
  readonly rises: Uint8Array;
}

function rank(label: ArrayLike<number>, user: Int32Array, scores: ArrayLike<number>): Ranking {
  const order = ascendingOrder(scores);
  return {
    user: Int32Array.from(order, (row) => user[row]!),
    label: Uint8Array.from(order, (row) => label[row]!),
    rises: Uint8Array.from(order, (row, at) => (at > 0 && scores[row]! > scores[order[at - 1]!]! ? 1 : 0)),
  };
}

/** AUC with integer weights, ties at one half; NaN where a class has no weight. */
function weightedAuc({ user, label, rises }: Ranking, drawn: Uint16Array): number {
  let positives = 0;
  let negatives = 0;
  let tiedPositives = 0;
  let tiedNegatives = 0;
  let won = 0;
  for (let at = 0; at < user.length; at += 1) {
    if (rises[at] === 1) {
      won += tiedPositives * (negatives + tiedNegatives / 2);
      positives += tiedPositives;
      negatives += tiedNegatives;
      tiedPositives = 0;
      tiedNegatives = 0;
    }
    const weight = drawn[user[at]!]!;
    if (label[at] === 1) tiedPositives += weight;
    else tiedNegatives += weight;
  }
  won += tiedPositives * (negatives + tiedNegatives / 2);
  positives += tiedPositives;
  negatives += tiedNegatives;
  return won / (positives * negatives);
}

/** By user: what a resample adds up. */
interface UserSums {
  readonly rows: Float64Array;
  readonly loss: Float64Array;
  /** Rows of users that have both classes, else 0. */
  readonly groupedRows: Float64Array;
  /** The user's own AUC times rows. */
  readonly groupedAuc: Float64Array;
}

function userSums(label: ArrayLike<number>, users: DenseGroups, scores: ArrayLike<number>): UserSums {
  const grouped = rowsByGroup(users);
  const sums: UserSums = {
    rows: new Float64Array(users.count),
    loss: new Float64Array(users.count),
    groupedRows: new Float64Array(users.count),
    groupedAuc: new Float64Array(users.count),
  };
  for (let user = 0; user < users.count; user += 1) {
    const rows = grouped.rows.subarray(grouped.starts[user], grouped.starts[user + 1]);
    sums.rows[user] = rows.length;
    sums.loss[user] = rows.reduce((sum, row) => sum + loss(label[row]!, scores[row]!), 0);
    const ranking = rank(
      Array.from(rows, (row) => label[row]!),
      new Int32Array(rows.length),
      Array.from(rows, (row) => scores[row]!),
    );
    const auc = weightedAuc(ranking, Uint16Array.of(1));
    if (Number.isNaN(auc)) continue;
    sums.groupedRows[user] = rows.length;
    sums.groupedAuc[user] = auc * rows.length;
  }
  return sums;
}

function loss(label: number, p: number): number {
  const clipped = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p));
  return label === 1 ? -Math.log(clipped) : -Math.log1p(-clipped);
}

function ratio(drawn: Uint16Array, numerator: Float64Array, denominator: Float64Array): number {
  let above = 0;
  let below = 0;
  for (let user = 0; user < drawn.length; user += 1) {
    above += drawn[user]! * numerator[user]!;
    below += drawn[user]! * denominator[user]!;
  }
  return above / below;
}
