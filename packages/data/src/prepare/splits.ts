import { SLICES, SPLITS, type Split } from '../schemas/interactions.js';
import { DataOptionError } from '../errors.js';
import type { Rows } from './rows.js';

const [TRAIN, VALID, TEST] = [SPLITS.indexOf('train'), SPLITS.indexOf('valid'), SPLITS.indexOf('test')];
const [POLICY, CTR, NO_SLICE] = [SLICES.indexOf('policy'), SLICES.indexOf('ctr'), SLICES.indexOf(null)];

/**
 * How many of n rows go where: test and valid take max(1, round(n / 10)) each (halves round up), train the rest.
 * One row is a train row; of two, the first is a train row and the second a test row.
 */
export function splitCounts(n: number): Readonly<Record<Split, number>> {
  if (n < 3) return { train: Math.min(n, 1), valid: 0, test: Math.max(n - 1, 0) };
  const part = Math.max(1, Math.round(n / 10));
  return { train: n - 2 * part, valid: part, test: part };
}

/** Codes into `SPLITS` for each row: each user's oldest rows are train, the next valid, the newest test. */
export function splitByUser(rows: Rows): Uint8Array {
  const split = new Uint8Array(rows.length);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    const { train, valid } = splitCounts(end - start);
    split.fill(TRAIN, start, start + train);
    split.fill(VALID, start + train, start + train + valid);
    split.fill(TEST, start + train + valid, end);
  }
  return split;
}

/**
 * Codes into `SPLITS` for each row: of all rows by time, ties in file order, the oldest are train, the next valid, the newest test.
 * @throws DataOptionError `DATA_NO_TIME` where the source has no time.
 */
export function splitByTime(rows: Rows): Uint8Array {
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

/** Codes into `SLICES`: the first floor(train / 2) of a user's train rows are the policy slice, the others the CTR slice; null elsewhere. */
export function sliceTrain(rows: Rows, split: Uint8Array): Uint8Array {
  const slice = new Uint8Array(rows.length).fill(NO_SLICE);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const start = rows.userStart[user]!;
    const train = trainRows(rows, split, user);
    slice.fill(POLICY, start, start + Math.floor(train / 2));
    slice.fill(CTR, start + Math.floor(train / 2), start + train);
  }
  return slice;
}

/** How many train rows a user has; in every split they come before the user's other rows. */
export function trainRows(rows: Rows, split: Uint8Array, user: number): number {
  const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
  let at = start;
  while (at < end && split[at] === TRAIN) at += 1;
  return at - start;
}
