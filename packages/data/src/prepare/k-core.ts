import { groupedRows, offsetsOf, type Rows } from './rows.js';

/**
 * Marks with 1 the rows of the k-core: the largest set in which every user and every item has at least k rows.
 * Users and items below k are taken away, and what falls below k by that, until nothing does: linear in the number of rows.
 */
export function kCore(rows: Rows, items: number, k: number): Uint8Array {
  return createPeeling(rows, items).peel(k);
}

/** The largest k whose k-core has rows; 0 for no rows. */
export function largestCore(rows: Rows, items: number): number {
  const peeling = createPeeling(rows, items);
  let k = 0;
  while (peeling.peel(k + 1).includes(1)) k += 1;
  return k;
}

/** Items with so many rows hardly ever fall; the rows of the others are listed first, which is most of the work saved. */
const LIGHT_ROWS = 256;

/** Peeling that can go on with a larger k. The marks it returns are one array, updated in place. */
function createPeeling(rows: Rows, items: number): { peel(k: number): Uint8Array } {
  const users = rows.userStart.length - 1;
  const itemStart = offsetsOf(rows.item, items);
  const keep = new Uint8Array(rows.length).fill(1);
  const left = new Int32Array(users + items); // rows left of each user, then of each item
  for (let user = 0; user < users; user += 1) left[user] = rows.userStart[user + 1]! - rows.userStart[user]!;
  for (let item = 0; item < items; item += 1) left[users + item] = itemStart[item + 1]! - itemStart[item]!;
  const gone = new Uint8Array(users + items);

  let listedBelow = 0;
  let rowsByItem: Uint32Array = new Uint32Array();
  let start: Uint32Array = itemStart;
  const rowsOfItem = (item: number): Uint32Array => {
    const count = itemStart[item + 1]! - itemStart[item]!;
    if (count >= listedBelow) {
      listedBelow = count < LIGHT_ROWS && listedBelow === 0 ? LIGHT_ROWS : Infinity;
      ({ rowsByItem, start } = listRows(rows.item, itemStart, listedBelow));
    }
    return rowsByItem.subarray(start[item], start[item + 1]);
  };

  return {
    peel(k) {
      const queue: number[] = [];
      const drop = (node: number): void => {
        if (gone[node] === 1 || left[node]! >= k) return;
        gone[node] = 1;
        queue.push(node);
      };
      for (let node = 0; node < left.length; node += 1) drop(node);
      for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
        const isUser = node < users;
        const own = isUser ? undefined : rowsOfItem(node - users);
        const first = isUser ? rows.userStart[node]! : 0;
        const count = own === undefined ? rows.userStart[node + 1]! - first : own.length;
        for (let i = 0; i < count; i += 1) {
          const row = own === undefined ? first + i : own[i]!;
          if (keep[row] === 0) continue;
          keep[row] = 0;
          const other = isUser ? users + rows.item[row]! : rows.user[row]!;
          left[other]! -= 1;
          drop(other);
        }
      }
      return keep;
    },
  };
}

/** The row numbers of each item that has fewer than `below` rows. */
function listRows(item: Int32Array, itemStart: Uint32Array, below: number): { rowsByItem: Uint32Array; start: Uint32Array } {
  if (below === Infinity) return { rowsByItem: groupedRows(item, itemStart), start: itemStart };
  const start = new Uint32Array(itemStart.length);
  const isLight = new Uint8Array(itemStart.length);
  for (let code = 0; code + 1 < itemStart.length; code += 1) {
    const count = itemStart[code + 1]! - itemStart[code]!;
    isLight[code] = count < below ? 1 : 0;
    start[code + 1] = start[code]! + (count < below ? count : 0);
  }
  const next = start.slice();
  const rowsByItem = new Uint32Array(start.at(-1)!);
  for (let row = 0; row < item.length; row += 1) {
    const code = item[row]!;
    if (isLight[code] === 0) continue;
    rowsByItem[next[code]!] = row;
    next[code]! += 1;
  }
  return { rowsByItem, start };
}
