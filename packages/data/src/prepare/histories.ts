import { SPLITS } from '../schemas/interactions.js';
import type { DataOptions } from './options.js';
import type { Rows } from './rows.js';
import { createSimilarity, type ItemAttributes } from './similar.js';

const TRAIN = SPLITS.indexOf('train');

/** What histories are made of: rows, their splits, and which rows were sampled (nobody chose or rated those: they are in no history). */
export interface HistorySource {
  readonly rows: Rows;
  readonly split: Uint8Array;
  readonly sampled?: Uint8Array;
  /** For `select: 'similar'`. */
  readonly attributes?: ItemAttributes;
}

/** Histories as lists: the i-th row holds `values[offsets[i] .. offsets[i + 1])`, row numbers in ascending (time) order. */
export interface Histories {
  readonly offsets: Uint32Array;
  readonly values: Uint32Array;
}

/** Row numbers, ascending; `values` may be longer. */
interface RowList {
  values: Uint32Array;
  length: number;
}

/**
 * Makes histories, some rows at a time: rows of the same user with a strictly smaller timestamp (where there is no time: an earlier
 * place) from the train split only, or, for valid and test rows under `online`, from any; at most `length` of them, oldest first.
 * The arrays that it returns are used again at the second call after.
 */
export function createHistories(source: HistorySource, options: DataOptions['history']): (start: number, end: number) => Histories {
  const { rows, split, sampled, attributes } = source;
  const { user: userOf, userStart, timestamp, timed } = rows;
  const { length: limit, online } = options;
  const similar = options.select === 'similar' && attributes !== undefined ? createSimilarity(rows, attributes) : undefined;
  const buffers = [new Uint32Array(0), new Uint32Array(0)];
  let turn = 0;
  let listed = -1;
  const train: RowList = { values: new Uint32Array(1 << 10), length: 0 };
  const all: RowList = { values: new Uint32Array(1 << 10), length: 0 };

  /** Lists the rows of a user that histories may hold. */
  function list(user: number): void {
    if (user === listed) return;
    listed = user;
    const [first, end] = [userStart[user]!, userStart[user + 1]!];
    for (const one of [train, all]) if (end - first > one.values.length) one.values = new Uint32Array(2 * (end - first));
    let [inTrain, inAll] = [0, 0];
    for (let row = first; row < end; row += 1) {
      if (sampled?.[row] === 1) continue;
      if (split[row] === TRAIN) train.values[inTrain++] = row;
      all.values[inAll++] = row;
    }
    [train.length, all.length] = [inTrain, inAll];
  }

  /** Writes the histories of the rows `start .. end` of one user that draw on `allowed`; returns where the next goes. */
  function fill(start: number, end: number, wide: boolean, at: number, values: Uint32Array, offsets: Uint32Array, base: number): number {
    const { values: allowed, length } = wide ? all : train;
    let before = start; // the first row of this user with the time of `row`
    if (timed) while (before > userStart[listed]! && timestamp[before - 1] === timestamp[start]) before -= 1;
    let count = countBelow(allowed, length, before); // how many of `allowed` are before it
    for (let row = start; row < end; row += 1) {
      if (!timed || timestamp[before] !== timestamp[row]) before = row;
      while (count < length && allowed[count]! < before) count += 1;
      if (count <= limit) for (let k = 0; k < count; k += 1) values[at + k] = allowed[k]!;
      else if (similar !== undefined) similar(row, allowed, count, values.subarray(at, at + limit));
      else for (let k = 0, from = count - limit; k < limit; k += 1) values[at + k] = allowed[from + k]!;
      at += count < limit ? count : limit;
      offsets[row - base + 1] = at;
    }
    return at;
  }

  return (start, end) => {
    const offsets = new Uint32Array(end - start + 1);
    turn = 1 - turn;
    if (buffers[turn]!.length < (end - start) * limit) buffers[turn] = new Uint32Array((end - start) * limit);
    const values = buffers[turn]!;
    let at = 0;
    for (let row = start; row < end;) {
      list(userOf[row]!);
      const userEnd = Math.min(end, userStart[listed + 1]!);
      while (row < userEnd) {
        const wide = online && split[row] !== TRAIN;
        let runEnd = userEnd;
        if (online) for (runEnd = row + 1; runEnd < userEnd && (split[runEnd] !== TRAIN) === wide;) runEnd += 1;
        at = fill(row, runEnd, wide, at, values, offsets, start);
        row = runEnd;
      }
    }
    return { offsets, values: values.subarray(0, at) };
  };
}

/** How many of the ascending `values[0 .. length)` are below `limit`. */
function countBelow(values: Uint32Array, length: number, limit: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
