import type { Rng } from '@expctr/core';
import { denseUsers, drawUsers, type DenseUsers } from './users.js';

/** Labels and users of the rows that are resampled. */
export interface LabelledRows {
  /** [rows] 0 or 1. */
  readonly label: ArrayLike<number>;
  /** [rows] user codes; a user's rows are drawn together. */
  readonly user: ArrayLike<number>;
}

/** Resampled statistics of one column of scores; NaN where a resample has no value. */
export interface Resampled {
  /** [resamples] AUC. */
  readonly auc: Float64Array;
  /** [resamples] AUC within each user, weighted by rows. */
  readonly groupedAuc: Float64Array;
  /** [resamples] mean negative log-likelihood. */
  readonly logLoss: Float64Array;
}

/**
 * Bootstrap over users (a cluster bootstrap): each resample draws as many users as there are, with replacement, and takes all rows
 * of each. Rows of one user are not independent, so rows must not be drawn one by one. All columns see the same resamples, so
 * differences between them are paired.
 *
 * @param columns by name: [rows] probabilities
 * @returns by name: the statistics of every resample
 */
export function bootstrapOverUsers(
  rows: LabelledRows,
  columns: ReadonlyMap<string, ArrayLike<number>>,
  resamples: number,
  rng: Rng,
): ReadonlyMap<string, Resampled> {
  const users = denseUsers(rows.user);
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
    drawUsers(drawn, rng);
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

/** 95 % percentile interval of the resamples that have a value; null where fewer than half of them do. */
export function percentileInterval(values: Float64Array): readonly [number, number] | null {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0 || sorted.length < values.length / 2) return null;
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
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
  const values = Float64Array.from(scores);
  const order = Uint32Array.from(values, (_, row) => row).sort((a, b) => values[a]! - values[b]!);
  return {
    user: Int32Array.from(order, (row) => user[row]!),
    label: Uint8Array.from(order, (row) => label[row]!),
    rises: Uint8Array.from(order, (row, at) => (at > 0 && values[row]! > values[order[at - 1]!]! ? 1 : 0)),
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

function userSums(label: ArrayLike<number>, users: DenseUsers, scores: ArrayLike<number>): UserSums {
  const own: number[][] = Array.from({ length: users.count }, () => []);
  users.codes.forEach((user, row) => own[user]!.push(row));
  const sums: UserSums = {
    rows: new Float64Array(users.count),
    loss: new Float64Array(users.count),
    groupedRows: new Float64Array(users.count),
    groupedAuc: new Float64Array(users.count),
  };
  own.forEach((rows, user) => {
    sums.rows[user] = rows.length;
    sums.loss[user] = rows.reduce((sum, row) => sum + loss(label[row]!, scores[row]!), 0);
    const ranking = rank(
      rows.map((row) => label[row]!),
      new Int32Array(rows.length),
      rows.map((row) => scores[row]!),
    );
    const auc = weightedAuc(ranking, Uint16Array.of(1));
    if (Number.isNaN(auc)) return;
    sums.groupedRows[user] = rows.length;
    sums.groupedAuc[user] = auc * rows.length;
  });
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
