import type { Rng } from '@expctr/core';
import { SLICES, SPLITS, type Split } from '../schemas/interactions.js';
import { DataOptionError } from '../errors.js';
import type { DataOptions } from './options.js';
import type { Rows } from './rows.js';

const [TRAIN, VALID, TEST] = [SPLITS.indexOf('train'), SPLITS.indexOf('valid'), SPLITS.indexOf('test')];
const [POLICY, CTR, NO_SLICE] = [SLICES.indexOf('policy'), SLICES.indexOf('ctr'), SLICES.indexOf(null)];

type SplitRule = (rows: Rows, options: Pick<DataOptions, 'leaveLast'>, rng: Rng) => Uint8Array;

/** Every way to split: codes into `SPLITS` for each row. A new one is one entry. */
export const SPLIT_RULES: { readonly [name in DataOptions['split']]: SplitRule } = {
  'per-user': (rows) => splitUsersByTime(rows, splitCounts),
  'leave-last': (rows, { leaveLast }) => splitUsersByTime(rows, (n) => leaveLastCounts(n, leaveLast)),
  'global-time': (rows) => splitByTime(rows),
  random: (rows, _, rng) => drawSplits(rows.length, rng),
  'by-user': (rows, _, rng) => splitWholeUsers(rows, rng),
};

/** How many rows go where. */
export type SplitCounts = Readonly<Record<Split, number>>;

/**
 * How many of n rows go where: test and valid take max(1, round(n / 10)) each (halves round up), train the rest.
 * One row is a train row; of two, the first is a train row and the second a test row.
 */
export function splitCounts(n: number): SplitCounts {
  if (n < 3) return { train: Math.min(n, 1), valid: 0, test: Math.max(n - 1, 0) };
  const part = Math.max(1, Math.round(n / 10));
  return { train: n - 2 * part, valid: part, test: part };
}

/** Of n rows the last `last` are test and as many before them valid; one train row is left first, then test rows, then valid rows. */
export function leaveLastCounts(n: number, last: number): SplitCounts {
  const test = Math.min(last, Math.max(n - 1, 0));
  const valid = Math.min(last, Math.max(n - 1 - test, 0));
  return { train: n - valid - test, valid, test };
}

/** Each user's oldest rows are train, the next valid, the newest test. */
function splitUsersByTime(rows: Rows, counts: (n: number) => SplitCounts): Uint8Array {
  const split = new Uint8Array(rows.length);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    const { train, valid } = counts(end - start);
    split.fill(TRAIN, start, start + train);
    split.fill(VALID, start + train, start + train + valid);
    split.fill(TEST, start + train + valid, end);
  }
  return split;
}

/**
 * Of all rows by time, ties in file order, the oldest are train, the next valid, the newest test.
 * @throws DataOptionError `DATA_NO_TIME` where the source has no time.
 */
function splitByTime(rows: Rows): Uint8Array {
  if (!rows.timed) {
    throw new DataOptionError('DATA_NO_TIME', 'the source has no times to split by', { where: 'data.split', expected: "'per-user'" });
  }
  const { train, valid } = splitCounts(rows.length);
  const sorted = rows.timestamp.slice().sort();
  const isValid = atOrAfter(rows, sorted, train);
  const isTest = atOrAfter(rows, sorted, train + valid);
  return Uint8Array.from(isValid, (later, row) => (isTest[row] === 1 ? TEST : later === 1 ? VALID : TRAIN));
}

/** Marks with 1 the rows whose place in the order of time and file is at least `place`. */
function atOrAfter(rows: Rows, sorted: Float64Array, place: number): Uint8Array {
  if (place >= rows.length) return new Uint8Array(rows.length);
  const cut = sorted[place]!;
  const marks = Uint8Array.from(rows.timestamp, (time) => (time > cut ? 1 : 0));
  const tied = rows.fileRow.filter((_, row) => rows.timestamp[row] === cut).sort();
  let first = place;
  while (first > 0 && sorted[first - 1] === cut) first -= 1;
  const firstTied = tied[place - first]!;
  for (let row = 0; row < rows.length; row += 1) if (rows.timestamp[row] === cut && rows.fileRow[row]! >= firstTied) marks[row] = 1;
  return marks;
}

/** A split for each of n things, drawn without replacement. */
function drawSplits(n: number, rng: Rng): Uint8Array {
  const { train, valid } = splitCounts(n);
  const split = new Uint8Array(n).fill(TEST);
  split.fill(TRAIN, 0, train);
  split.fill(VALID, train, train + valid);
  return rng.shuffle(split);
}

/** A split for each user, whole: those of valid and test have no train row. */
function splitWholeUsers(rows: Rows, rng: Rng): Uint8Array {
  const present: number[] = [];
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) if (rows.userStart[user + 1]! > rows.userStart[user]!) present.push(user);
  const drawn = drawSplits(present.length, rng);
  const split = new Uint8Array(rows.length);
  present.forEach((user, i) => split.fill(drawn[i]!, rows.userStart[user], rows.userStart[user + 1]));
  return split;
}

/** Codes into `SLICES`: the first floor(train / 2) of a user's train rows are the policy slice, the others the CTR slice; null elsewhere. */
export function sliceTrain(rows: Rows, split: Uint8Array): Uint8Array {
  const slice = new Uint8Array(rows.length).fill(NO_SLICE);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    let train = 0;
    for (let row = start; row < end; row += 1) if (split[row] === TRAIN) train += 1;
    let policy = Math.floor(train / 2);
    for (let row = start; row < end; row += 1) if (split[row] === TRAIN) slice[row] = policy-- > 0 ? POLICY : CTR;
  }
  return slice;
}
