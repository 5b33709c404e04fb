import type { Rng } from '@expctr/core';

/** Users by codes 0 .. count - 1, in order of first appearance. */
export interface DenseUsers {
  /** [rows] */
  readonly codes: Int32Array;
  readonly count: number;
}

/** Numbers the users of rows without gaps. */
export function denseUsers(user: ArrayLike<number>): DenseUsers {
  const codeOf = new Map<number, number>();
  const codes = Int32Array.from(user, (code) => {
    const dense = codeOf.get(code) ?? codeOf.size;
    codeOf.set(code, dense);
    return dense;
  });
  return { codes, count: codeOf.size };
}

/** One resample of the bootstrap over users: as many users as there are, with replacement; `drawn` becomes how often each was. */
export function drawUsers(drawn: Uint16Array, rng: Rng): void {
  drawn.fill(0);
  for (let draw = 0; draw < drawn.length; draw += 1) {
    const user = rng.int(drawn.length);
    drawn[user] = drawn[user]! + 1;
  }
}
