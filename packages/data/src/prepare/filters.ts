import type { Rows } from './rows.js';

/** Marks with 1 the rows whose item has metadata: `metadataRow` is not negative. */
export function withItem(rows: Rows, metadataRow: Int32Array): Uint8Array {
  const keep = new Uint8Array(rows.length);
  for (let row = 0; row < rows.length; row += 1) keep[row] = metadataRow[rows.item[row]!]! < 0 ? 0 : 1;
  return keep;
}

/** Marks with 1 the rows whose rating is not 0. */
export function withRating({ rating }: Rows): Uint8Array {
  const keep = new Uint8Array(rating.length);
  for (let row = 0; row < keep.length; row += 1) keep[row] = rating[row] === 0 ? 0 : 1;
  return keep;
}

/** Marks with 1 the last row of each user with each item. */
export function lastOfEachPair(rows: Rows, items: number): Uint8Array {
  const keep = new Uint8Array(rows.length);
  const seenBy = new Int32Array(items).fill(-1);
  for (let row = rows.length - 1; row >= 0; row -= 1) {
    const item = rows.item[row]!;
    if (seenBy[item] === rows.user[row]) continue;
    seenBy[item] = rows.user[row]!;
    keep[row] = 1;
  }
  return keep;
}

/** Marks with 1 each user's last `count` rows. */
export function newestOfEachUser(rows: Rows, count: number): Uint8Array {
  const keep = new Uint8Array(rows.length);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const end = rows.userStart[user + 1]!;
    keep.fill(1, Math.max(rows.userStart[user]!, end - count), end);
  }
  return keep;
}
