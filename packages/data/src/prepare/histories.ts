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

/**
 * Makes histories, some rows at a time: rows of the same user with a strictly smaller timestamp (where there is no time: an earlier
 * place) from the train split only, or, for valid and test rows under `online`, from any; at most `length` of them, oldest first.
 * The arrays that it returns are used again at the second call after.
 */
export function createHistories(source: HistorySource, options: DataOptions['history']): (start: number, end: number) => Histories {
  const { rows, split, sampled, attributes } = source;
  const { length: limit, online } = options;
  const similar = options.select === 'similar' && attributes !== undefined ? createSimilarity(rows, attributes) : undefined;
  const buffers = [new Uint32Array(0), new Uint32Array(0)];
  let turn = 0;
  let ofUser = -1;
  const train = createList();
  const all = createList();

  /** Lists the rows of a user that histories may hold. */
  function listRows(user: number): void {
    if (user === ofUser) return;
    ofUser = user;
    train.clear(rows.userStart[user + 1]! - rows.userStart[user]!);
    all.clear(online ? rows.userStart[user + 1]! - rows.userStart[user]! : 0);
    for (let row = rows.userStart[user]!; row < rows.userStart[user + 1]!; row += 1) {
      if (sampled?.[row] === 1) continue;
      if (split[row] === TRAIN) train.push(row);
      if (online) all.push(row);
    }
  }

  return (start, end) => {
    const offsets = new Uint32Array(end - start + 1);
    turn = 1 - turn;
    const room = (end - start) * limit;
    if (buffers[turn]!.length < room) buffers[turn] = new Uint32Array(room);
    const values = buffers[turn]!;
    let at = 0;
    for (let row = start; row < end;) {
      const user = rows.user[row]!;
      listRows(user);
      const userEnd = Math.min(end, rows.userStart[user + 1]!);
      let before = row; // the first row of this user with the time of `row`
      if (rows.timed) while (before > rows.userStart[user]! && rows.timestamp[before - 1] === rows.timestamp[row]) before -= 1;
      let inTrain = train.countBelow(before);
      let inAll = all.countBelow(before);
      for (; row < userEnd; row += 1) {
        if (!rows.timed || rows.timestamp[before] !== rows.timestamp[row]) before = row;
        const wide = online && split[row] !== TRAIN;
        const { values: allowed } = wide ? all : train;
        while (inTrain < train.length && train.values[inTrain]! < before) inTrain += 1;
        while (inAll < all.length && all.values[inAll]! < before) inAll += 1;
        const count = wide ? inAll : inTrain;
        if (count > limit && similar !== undefined) similar(row, allowed, count, values.subarray(at, at + limit));
        else for (let k = count < limit ? 0 : count - limit, to = at; k < count; k += 1, to += 1) values[to] = allowed[k]!;
        at += count < limit ? count : limit;
        offsets[row - start + 1] = at;
      }
    }
    return { offsets, values: values.subarray(0, at) };
  };
}

/** A list of row numbers, ascending, whose memory is used again. */
function createList() {
  const list = {
    values: new Uint32Array(1 << 10),
    length: 0,
    clear(room: number): void {
      if (room > list.values.length) list.values = new Uint32Array(2 * room);
      list.length = 0;
    },
    push(row: number): void {
      list.values[list.length] = row;
      list.length += 1;
    },
    countBelow(row: number): number {
      let count = 0;
      while (count < list.length && list.values[count]! < row) count += 1;
      return count;
    },
  };
  return list;
}
