import { SPLITS, type Interactions } from '../schemas/interactions.js';
import type { CardNumber, CardTail } from './card.js';

const TRAIN = SPLITS.indexOf('train');

/** Train rows of each user and item, sampled negatives aside: popularity. A count of 0 in a later split is a cold start. */
export interface TrainCounts {
  readonly users: Uint32Array;
  readonly items: Uint32Array;
}

/** Counts train rows, and only those: a count over all splits would tell of the test rows. */
export function trainCounts(
  rows: Pick<Interactions, 'length' | 'split' | 'user' | 'item'>,
  sampled: Uint8Array | undefined,
  users: number,
  items: number,
): TrainCounts {
  const counts = { users: new Uint32Array(users), items: new Uint32Array(items) };
  for (let row = 0; row < rows.length; row += 1) {
    if (rows.split[row] !== TRAIN || sampled?.[row] === 1) continue;
    counts.users[rows.user[row]!]! += 1;
    counts.items[rows.item[row]!]! += 1;
  }
  return counts;
}

/** Ranks of the curve: 1, 2, 3, ..., then each a quarter further than the one before. */
const STEP = 1.25;

/** The long tail of some counts. */
export function tailOf(counts: Uint32Array): CardTail {
  const sorted = counts
    .filter((count) => count > 0)
    .sort()
    .reverse();
  const total = sorted.reduce((sum, count) => sum + count, 0);
  const head = sorted.subarray(0, Math.ceil(sorted.length / 5)).reduce((sum, count) => sum + count, 0);
  const curve: [number, number][] = [];
  for (let rank = 1; rank <= sorted.length; rank = Math.max(rank + 1, Math.floor(rank * STEP))) curve.push([rank, sorted[rank - 1]!]);
  if (sorted.length > 0 && curve.at(-1)![0] !== sorted.length) curve.push([sorted.length, sorted.at(-1)!]);
  return { count: sorted.length, curve, topFifthShare: total === 0 ? null : head / total };
}

/** Mean and deviation of a feature of items or users over the train rows: `counts` says how many each has. Undefined where none is known. */
export function fitNumber(values: Float32Array, counts: Uint32Array): CardNumber | undefined {
  let [known, sum, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    known += counts[i]!;
    sum += counts[i]! * values[i]!;
  }
  if (known === 0) return undefined;
  const mean = sum / known;
  for (let i = 0; i < values.length; i += 1) if (!Number.isNaN(values[i]!)) squares += counts[i]! * (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(squares / known);
  return { mean, deviation: deviation > 0 ? deviation : 1, known };
}
