import type { Rng } from '@expctr/core';
import { CtrError } from '../errors.js';

/** Groups (users) by codes 0 .. count - 1, in order of first appearance. */
export interface DenseGroups {
  /** The group of each row. */
  readonly codes: Int32Array;
  /** Number of groups. */
  readonly count: number;
}

/** Numbers the groups of rows without gaps. */
export function denseGroups(group: ArrayLike<number>): DenseGroups {
  const codeOf = new Map<number, number>();
  const codes = new Int32Array(group.length);
  for (let row = 0; row < group.length; row += 1) {
    let code = codeOf.get(group[row]!);
    if (code === undefined) codeOf.set(group[row]!, (code = codeOf.size));
    codes[row] = code;
  }
  return { codes, count: codeOf.size };
}

/** One resample of a bootstrap over groups: as many as there are, with replacement; `drawn` becomes how often each was. */
export function drawGroups(drawn: Uint16Array, rng: Rng): void {
  drawn.fill(0);
  for (let draw = 0; draw < drawn.length; draw += 1) {
    const group = rng.int(drawn.length);
    drawn[group] = drawn[group]! + 1;
  }
}

/** Rows brought together by group, in the order given within each: group g's are `rows[starts[g] .. starts[g + 1])`. */
export interface GroupedRows {
  /** Groups + 1 offsets into `rows`. */
  readonly starts: Uint32Array;
  /** Rows. */
  readonly rows: Uint32Array;
}

/** Brings the rows of each group together, in the order of `order` (default: of the rows) within each. */
export function rowsByGroup({ codes, count }: DenseGroups, order?: Uint32Array): GroupedRows {
  const starts = new Uint32Array(count + 1);
  for (const code of codes) starts[code + 1]! += 1;
  for (let group = 0; group < count; group += 1) starts[group + 1]! += starts[group]!;
  const next = starts.slice();
  const rows = new Uint32Array(codes.length);
  for (let k = 0; k < rows.length; k += 1) {
    const row = order === undefined ? k : order[k]!;
    const group = codes[row]!;
    rows[next[group]!] = row;
    next[group]! += 1;
  }
  return { starts, rows };
}

/** @throws CtrError `CTR_LENGTH`, `CTR_NOT_FINITE` unless there is a number for each row. */
export function checkGroups(metric: string, rows: number, groups: ArrayLike<number>): void {
  if (groups.length !== rows) {
    throw new CtrError('CTR_LENGTH', `${rows} labels and ${groups.length} group codes`, {
      where: metric,
      expected: 'one group code a row',
    });
  }
  for (let row = 0; row < rows; row += 1) {
    if (!Number.isFinite(groups[row])) {
      throw new CtrError('CTR_NOT_FINITE', `the group of row ${row} is ${String(groups[row])}`, {
        where: metric,
        expected: 'an integer code',
      });
    }
  }
}
