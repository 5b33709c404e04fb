import type { Rng } from '@expctr/core';
import type { RawRatings } from '../sources/raw-tables.js';
import { createTimeSort } from './time-sort.js';

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

/**
 * Sorts raw ratings by user and time; without times each user's rows are permuted by the stream `rng.fork(userId)`.
 * @param take whether nobody needs the columns of `raw` afterwards: each is let go as soon as it is sorted, and `raw` is left without
 */
export function orderRows(raw: RawRatings, rng: Rng, take = false): Rows {
  const columns: { -readonly [name in keyof RawRatings]: RawRatings[name] } = take ? raw : { ...raw };
  const { length, timestamp: time } = columns;
  const userStart = offsetsOf(columns.user, columns.userIds.length);
  const fileRow = groupedRows(columns.user, userStart);
  const sort = time === undefined ? undefined : createTimeSort(time);
  for (let user = 0; user < columns.userIds.length; user += 1) {
    const [start, end] = [userStart[user]!, userStart[user + 1]!];
    if (sort === undefined) rng.fork(columns.userIds[user]!).shuffle(fileRow.subarray(start, end));
    else sort(fileRow, start, end);
  }
  // One column after the other: of 100 million rows a column that is held twice is 0.4 or 0.8 GB.
  const user = take ? columns.user : new Int32Array(length);
  for (let code = 0; code < columns.userIds.length; code += 1) user.fill(code, userStart[code], userStart[code + 1]);
  columns.user = new Int32Array();
  const item = sorted(columns.item, fileRow, new Int32Array(length));
  columns.item = new Int32Array();
  const rating = sorted(columns.rating, fileRow, new Float32Array(length));
  columns.rating = new Float32Array();
  const timestamp = sorted(columns.timestamp, fileRow, new Float64Array(length));
  delete columns.timestamp;
  return { length, user, item, rating, timestamp, fileRow, userStart, timed: time !== undefined };
}

/** The values of `rows`, in that order; NaN where there are none. */
function sorted<T extends Int32Array | Float32Array | Float64Array>(values: T | undefined, rows: Uint32Array, into: T): T {
  if (values === undefined) into.fill(NaN);
  else for (let row = 0; row < rows.length; row += 1) into[row] = values[rows[row]!]!;
  return into;
}

/** The rows where `keep` is 1, in the same order. They take the place of `rows` in memory: `rows` must not be used afterwards. */
export function keepRows(rows: Rows, keep: Uint8Array): Rows {
  const { user, item, rating, timestamp, fileRow } = rows;
  const userStart = new Uint32Array(rows.userStart.length);
  let at = 0;
  for (let u = 0; u + 1 < userStart.length; u += 1) {
    for (let row = rows.userStart[u]!; row < rows.userStart[u + 1]!; row += 1) {
      if (keep[row] === 0) continue;
      if (at !== row) {
        user[at] = user[row]!;
        item[at] = item[row]!;
        rating[at] = rating[row]!;
        timestamp[at] = timestamp[row]!;
        fileRow[at] = fileRow[row]!;
      }
      at += 1;
    }
    userStart[u + 1] = at;
  }
  return {
    length: at,
    user: user.subarray(0, at),
    item: item.subarray(0, at),
    rating: rating.subarray(0, at),
    timestamp: timestamp.subarray(0, at),
    fileRow: fileRow.subarray(0, at),
    userStart,
    timed: rows.timed,
  };
}

/** Moves the values where `keep` is 1 to the front of `values`, in place; returns that part. */
export function compact(values: Uint8Array, keep: Uint8Array, length: number): Uint8Array {
  let at = 0;
  for (let row = 0; row < length; row += 1) if (keep[row] === 1) values[at++] = values[row]!;
  return values.subarray(0, at);
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
