import { createHash } from 'node:crypto';
import type { FileReport } from '../read/read-rows.js';
import type { InteractionStream } from '../schemas/interaction-table.js';
import { SPLITS } from '../schemas/interactions.js';
import type { CardHistory, CardSplit, DatasetCard } from './card.js';
import type { LabelChoice } from './labels.js';
import type { TrainCounts } from './popularity.js';

const TRAIN = SPLITS.indexOf('train');

/** The columns of the finished rows. */
export type FinishedRows = Omit<InteractionStream, 'histories' | 'userIds' | 'itemIds'>;

/** SHA-256 of the names and hashes of the files. */
export function hashInputs(files: readonly FileReport[]): string {
  const lines = files.map(({ file, sha256 }) => `${sha256}  ${file}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** The counts that follow from the finished rows. */
export function describeRows(
  rows: FinishedRows,
  trainCounts: TrainCounts,
  label: LabelChoice,
): Pick<DatasetCard, 'rows' | 'users' | 'items' | 'splits' | 'slices' | 'labelRateAtThreshold' | 'timeRange'> {
  const [policy, ctr, valid, test] = countParts(rows, trainCounts) as [Part, Part, Part, Part];
  let trainUsers = 0;
  for (const count of trainCounts.users) if (count > 0) trainUsers += 1;
  const train = { ...joined(policy, ctr), users: trainUsers };
  return {
    rows: rows.length,
    users: trainCounts.users.length,
    items: trainCounts.items.length,
    splits: { train: splitOf(train), valid: splitOf(valid), test: splitOf(test) },
    slices: { policy: splitOf(policy), ctr: splitOf(ctr) },
    labelRateAtThreshold: label.rule === 'threshold' && label.threshold !== null ? ratesAround(rows.rating, label.threshold) : {},
    timeRange: splitOf(joined(train, joined(valid, test))).timeRange,
  };
}

/** Counts of the rows of one slice, or of a split that has no slices. */
interface Part extends Pick<CardSplit, 'rows' | 'users' | 'positives' | 'coldUserRows' | 'coldItemRows'> {
  readonly from: number;
  readonly to: number;
}

/** The parts of a dataset: the policy and the CTR slice of train, valid, test. Rows are sorted by user. */
function countParts({ length, user, item, label, timestamp, split, slice }: FinishedRows, trainCounts: TrainCounts): Part[] {
  const zeros = (): Float64Array => new Float64Array(4);
  const [rows, users, positives, coldUserRows, coldItemRows] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  const lastUser = zeros().fill(-1);
  const from = zeros().fill(Infinity);
  const to = zeros().fill(-Infinity);
  for (let row = 0; row < length; row += 1) {
    const part = split[row] === TRAIN ? slice[row]! : split[row]! + 1;
    rows[part]! += 1;
    positives[part]! += label[row]!;
    if (lastUser[part] !== user[row]) {
      users[part]! += 1;
      lastUser[part] = user[row]!;
    }
    if (trainCounts.users[user[row]!] === 0) coldUserRows[part]! += 1;
    if (trainCounts.items[item[row]!] === 0) coldItemRows[part]! += 1;
    const time = timestamp[row]!;
    if (time < from[part]!) from[part] = time;
    if (time > to[part]!) to[part] = time;
  }
  return Array.from(rows, (count, part) => ({
    rows: count,
    users: users[part]!,
    positives: positives[part]!,
    coldUserRows: coldUserRows[part]!,
    coldItemRows: coldItemRows[part]!,
    from: from[part]!,
    to: to[part]!,
  }));
}

/** Both parts; their users are counted twice where they have rows in both. */
function joined(a: Part, b: Part): Part {
  return {
    rows: a.rows + b.rows,
    users: a.users + b.users,
    positives: a.positives + b.positives,
    coldUserRows: a.coldUserRows + b.coldUserRows,
    coldItemRows: a.coldItemRows + b.coldItemRows,
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
  };
}

function splitOf({ from, to, ...counts }: Part): CardSplit {
  const timeRange = from > to ? null : { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return { ...counts, labelRate: counts.rows === 0 ? null : counts.positives / counts.rows, timeRange };
}

/** Share of label 1 at the threshold, and at the ratings next to it. */
function ratesAround(rating: Float32Array, threshold: number): Record<string, number> {
  const counts = countRatings(rating);
  const known = [...counts.keys()].filter((value) => !Number.isNaN(value)).sort((x, y) => x - y);
  const at = Math.fround(threshold); // as the labels compare it
  const below = known.filter((value) => value < at).at(-1);
  const above = known.find((value) => value > at);
  const rate = (limit: number): number => known.reduce((sum, value) => sum + (value >= limit ? counts.get(value)! : 0), 0) / rating.length;
  const limits = [below, at, above].filter((limit) => limit !== undefined);
  return Object.fromEntries(rating.length === 0 ? [] : limits.map((limit) => [String(asWritten(limit)), rate(limit)]));
}

/** The shortest decimal that a float32 stands for: 4.1, not 4.099999904632568. Nine digits always suffice. */
function asWritten(value: number): number {
  const digits = [1, 2, 3, 4, 5, 6, 7, 8].find((count) => Math.fround(Number(value.toPrecision(count))) === value) ?? 9;
  return Number(value.toPrecision(digits));
}

/** How often each rating occurs. There are few, so a small table by their bits takes nearly all of them. */
function countRatings(rating: Float32Array): Map<number, number> {
  const bits = new Int32Array(rating.buffer, rating.byteOffset, rating.length);
  const [slots, held, counts] = [1 << 10, new Int32Array(1 << 10), new Float64Array(1 << 10)];
  const all = new Map<number, number>();
  const flush = (slot: number): void => {
    const value = new Float32Array(held.buffer, 4 * slot, 1)[0]!;
    if (counts[slot]! > 0) all.set(value, (all.get(value) ?? 0) + counts[slot]!);
    counts[slot] = 0;
  };
  for (let row = 0; row < bits.length; row += 1) {
    const key = bits[row]!;
    const slot = (key ^ (key >>> 16)) & (slots - 1);
    if (held[slot] !== key) {
      flush(slot);
      held[slot] = key;
    }
    counts[slot]! += 1;
  }
  for (let slot = 0; slot < slots; slot += 1) flush(slot);
  return all;
}

/** Counts histories as they are made, some rows at a time. */
export function createHistoryCounter(): { add(offsets: Uint32Array): void; result(): CardHistory } {
  let [rows, total, emptyRows, longest] = [0, 0, 0, 0];
  return {
    add(offsets) {
      for (let i = 0; i + 1 < offsets.length; i += 1) {
        const size = offsets[i + 1]! - offsets[i]!;
        if (size === 0) emptyRows += 1;
        if (size > longest) longest = size;
      }
      rows += offsets.length - 1;
      total += offsets.at(-1)! - offsets[0]!;
    },
    result: () => ({ meanLength: rows === 0 ? 0 : total / rows, emptyRows, longest }),
  };
}
