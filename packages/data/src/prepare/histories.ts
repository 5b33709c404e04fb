import type { DataOptions } from './options.js';
import type { Rows } from './rows.js';
import { trainRows } from './splits.js';

/** Histories as lists: row r holds `values[offsets[r] .. offsets[r + 1])`, row numbers in ascending (time) order. */
export interface Histories {
  readonly offsets: Uint32Array;
  readonly values: Uint32Array;
}

/** Attribute codes of items: item i has `codes[offsets[i] .. offsets[i + 1])`. Needed for `select: 'similar'` only. */
export interface ItemAttributes {
  readonly offsets: Uint32Array;
  readonly codes: Int32Array;
  /** How many different codes there are. */
  readonly size: number;
}

/**
 * Histories: rows of the same user with a strictly smaller timestamp (where there is no time: an earlier place), for valid and
 * test rows from the train split only, unless `online`; at most `length` of them, oldest first.
 */
export function buildHistories(rows: Rows, split: Uint8Array, options: DataOptions['history'], attributes?: ItemAttributes): Histories {
  const first = new Uint32Array(rows.length); // the allowed rows of row r lie at first[r] .. last[r]
  const last = new Uint32Array(rows.length);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    const trainEnd = start + trainRows(rows, split, user);
    for (let row = start, strictlyBefore = start; row < end; row += 1) {
      if (!rows.timed) strictlyBefore = row;
      else while (rows.timestamp[strictlyBefore]! < rows.timestamp[row]!) strictlyBefore += 1;
      first[row] = start;
      last[row] = options.online ? strictlyBefore : Math.min(strictlyBefore, trainEnd);
    }
  }
  const offsets = new Uint32Array(rows.length + 1);
  for (let row = 0; row < rows.length; row += 1) offsets[row + 1] = offsets[row]! + Math.min(options.length, last[row]! - first[row]!);
  const values = new Uint32Array(offsets[rows.length]!);
  const similar = options.select === 'similar' && attributes !== undefined ? createSimilarity(rows, attributes) : undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const [at, count] = [offsets[row]!, offsets[row + 1]! - offsets[row]!];
    if (similar !== undefined && count < last[row]! - first[row]!) similar(row, first[row]!, last[row]!, values.subarray(at, at + count));
    else for (let k = 0; k < count; k += 1) values[at + k] = last[row]! - count + k;
  }
  return { offsets, values };
}

/** Fills `target` with those of the rows `first .. last` whose items share most attributes with `row`'s; of equals the newest. */
function createSimilarity(rows: Rows, { offsets, codes, size }: ItemAttributes) {
  const markedFor = new Int32Array(size).fill(-1);
  const shared = new Int32Array(rows.length);
  return (row: number, first: number, last: number, target: Uint32Array): void => {
    const item = rows.item[row]!;
    for (let i = offsets[item]!; i < offsets[item + 1]!; i += 1) markedFor[codes[i]!] = row;
    const having = new Uint32Array(offsets[item + 1]! - offsets[item]! + 1); // how many rows share so many attributes
    for (let other = first; other < last; other += 1) {
      const otherItem = rows.item[other]!;
      let count = 0;
      for (let i = offsets[otherItem]!; i < offsets[otherItem + 1]!; i += 1) if (markedFor[codes[i]!] === row) count += 1;
      shared[other] = count;
      having[count]! += 1;
    }
    let threshold = having.length - 1;
    let above = 0;
    while (above + having[threshold]! < target.length) {
      above += having[threshold]!;
      threshold -= 1;
    }
    let atThreshold = target.length - above;
    let at = target.length;
    for (let other = last - 1; at > 0; other -= 1) {
      if (shared[other]! > threshold || (shared[other] === threshold && atThreshold-- > 0)) target[--at] = other;
    }
  };
}

/** Numbers the values of all attributes, so that equal values of one attribute have one code. An item that names a value twice has it once. */
export function codeAttributes(attributes: Readonly<Record<string, readonly (readonly string[])[]>>, items: number): ItemAttributes {
  const codeOf = new Map<string, number>();
  const offsets = new Uint32Array(items + 1);
  const codes: number[] = [];
  for (let item = 0; item < items; item += 1) {
    const own = new Set<number>();
    for (const [name, lists] of Object.entries(attributes)) {
      for (const value of lists[item] ?? []) {
        const key = JSON.stringify([name, value]);
        let code = codeOf.get(key);
        if (code === undefined) codeOf.set(key, (code = codeOf.size));
        own.add(code);
      }
    }
    codes.push(...own);
    offsets[item + 1] = codes.length;
  }
  return { offsets, codes: Int32Array.from(codes), size: codeOf.size };
}
