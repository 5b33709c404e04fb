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

/** Peeling that can go on with a larger k. The marks it returns are one array, updated in place. */
function createPeeling(rows: Rows, items: number): { peel(k: number): Uint8Array } {
  const users = rows.userStart.length - 1;
  const itemStart = offsetsOf(rows.item, items);
  const rowsByItem = groupedRows(rows.item, itemStart);
  const keep = new Uint8Array(rows.length).fill(1);
  const left = new Int32Array(users + items); // rows left of each user, then of each item
  for (let user = 0; user < users; user += 1) left[user] = rows.userStart[user + 1]! - rows.userStart[user]!;
  for (let item = 0; item < items; item += 1) left[users + item] = itemStart[item + 1]! - itemStart[item]!;
  const gone = new Uint8Array(users + items);

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
        const [start, end] = isUser
          ? [rows.userStart[node]!, rows.userStart[node + 1]!]
          : [itemStart[node - users]!, itemStart[node - users + 1]!];
        for (let i = start; i < end; i += 1) {
          const row = isUser ? i : rowsByItem[i]!;
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
