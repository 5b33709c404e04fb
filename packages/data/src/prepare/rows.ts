import type { Rng } from '@expctr/core';
import type { RawRatings } from '../sources/raw-tables.js';

/**
 * Interactions under preparation: columns sorted by user and, within a user, by time; rows of equal time stand in file order.
 * Codes are the source's; users without rows keep theirs.
 */
export interface Rows {
  readonly length: number;
  readonly user: Int32Array;
  readonly item: Int32Array;
  readonly rating: Float32Array;
  /** Milliseconds since 1970, or NaN throughout. */
  readonly timestamp: Float64Array;
  /** The row's number in the source, which breaks ties. */
  readonly fileRow: Uint32Array;
  /** users + 1 offsets: the rows of user u lie at `userStart[u] .. userStart[u + 1]`. */
  readonly userStart: Uint32Array;
  /** Whether the source has times. Where it has none, a user's rows stand in a seeded order, which takes the place of time in every rule. */
  readonly timed: boolean;
}

/** Sorts raw ratings by user and time; without times each user's rows are permuted by the stream `rng.fork(userId)`. */
export function orderRows(raw: RawRatings, rng: Rng): Rows {
  const userStart = offsetsOf(raw.user, raw.userIds.length);
  const fileRow = groupedRows(raw.user, userStart);
  const timed = raw.timestamp !== undefined;
  for (let user = 0; user < raw.userIds.length; user += 1) {
    const segment = fileRow.subarray(userStart[user], userStart[user + 1]);
    if (raw.timestamp !== undefined) sortByTime(segment, raw.timestamp);
    else rng.fork(raw.userIds[user]!).shuffle(segment);
  }
  const { length } = raw;
  const rows: Rows = {
    length,
    user: new Int32Array(length),
    item: new Int32Array(length),
    rating: new Float32Array(length),
    timestamp: new Float64Array(length).fill(NaN),
    fileRow,
    userStart,
    timed,
  };
  for (let row = 0; row < length; row += 1) {
    const source = fileRow[row]!;
    rows.user[row] = raw.user[source]!;
    rows.item[row] = raw.item[source]!;
    rows.rating[row] = raw.rating[source]!;
    if (raw.timestamp !== undefined) rows.timestamp[row] = raw.timestamp[source]!;
  }
  return rows;
}

/** The rows where `keep` is 1, in the same order. */
export function selectRows(rows: Rows, keep: Uint8Array): Rows {
  let length = 0;
  for (let row = 0; row < rows.length; row += 1) length += keep[row]!;
  if (length === rows.length) return rows;
  const user = compact(rows.user, keep, new Int32Array(length));
  return {
    length,
    user,
    item: compact(rows.item, keep, new Int32Array(length)),
    rating: compact(rows.rating, keep, new Float32Array(length)),
    timestamp: compact(rows.timestamp, keep, new Float64Array(length)),
    fileRow: compact(rows.fileRow, keep, new Uint32Array(length)),
    userStart: offsetsOf(user, rows.userStart.length - 1),
    timed: rows.timed,
  };
}

/** Copies the values where `keep` is 1 into `target`. */
export function compact<T extends { [index: number]: number }>(values: T, keep: Uint8Array, target: T): T {
  for (let row = 0, at = 0; row < keep.length; row += 1) if (keep[row] === 1) target[at++] = values[row]!;
  return target;
}

/** Offsets of groups after a counting sort by `codes`; one more than there are groups. */
export function offsetsOf(codes: Int32Array, groups: number): Uint32Array {
  const offsets = new Uint32Array(groups + 1);
  for (let row = 0; row < codes.length; row += 1) offsets[codes[row]! + 1]! += 1;
  for (let group = 0; group < groups; group += 1) offsets[group + 1]! += offsets[group]!;
  return offsets;
}

/** Row numbers grouped by code, in ascending order within a group. */
export function groupedRows(codes: Int32Array, offsets: Uint32Array): Uint32Array {
  const next = offsets.slice();
  const rows = new Uint32Array(codes.length);
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row]!;
    rows[next[code]!] = row;
    next[code]! += 1;
  }
  return rows;
}

/** Sorts ascending row numbers by time, ties by row number. */
function sortByTime(segment: Uint32Array, time: Float64Array): void {
  let sorted = true;
  let [low, high, whole] = [Infinity, -Infinity, true];
  for (let i = 0; i < segment.length; i += 1) {
    const value = time[segment[i]!]!;
    if (value < high) sorted = false;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value % 1000 !== 0) whole = false;
  }
  if (sorted) return;
  // Time and position in one exact double: the engine's own sort of numbers is several times as fast as one with a comparison function.
  const unit = whole ? 1000 : 1;
  const count = segment.length;
  if (((high - low) / unit + 1) * count >= Number.MAX_SAFE_INTEGER) {
    segment.sort((a, b) => time[a]! - time[b]! || a - b);
    return;
  }
  const keys = Float64Array.from(segment, (row, i) => ((time[row]! - low) / unit) * count + i).sort();
  const before = segment.slice();
  for (let i = 0; i < count; i += 1) segment[i] = before[keys[i]! % count]!;
}
