import { CtrError } from '../errors.js';
import type { TableHash, TableSchema } from './schema.js';
import { MOST_BUCKETS, valueIds } from './value-ids.js';

/** How a table is to be made. What is left out follows from the fit. */
export interface TableDefinition {
  /**
   * Values get ids by hash, in so many buckets, and no vocabulary is kept: for more values than there is memory for, or values that are
   * not known beforehand. Values that share a bucket share an embedding; the schema says how many do ({@link TableHash}).
   */
  readonly hash?: number;
  /** Values seen in fewer training rows share the unknown row, id 0. Default: `minimumCount` of all tables. */
  readonly minimumCount?: number;
  /** Components of its embeddings where they are fewer than `embeddingDimension`; the rest of the field are zeros. */
  readonly dimension?: number;
}

/**
 * A table's schema from how many training rows show each value.
 * @throws CtrError `CTR_OPTION` for a definition that makes no sense
 */
export function fitTable(
  name: string,
  seen: ReadonlyMap<string, number>,
  minimumCount: number,
  definition: TableDefinition = {},
): TableSchema {
  check(name, definition);
  const { hash, dimension, minimumCount: least = minimumCount } = definition;
  const size = dimension === undefined ? {} : { dimension };
  if (hash !== undefined) return { name, vocabulary: [], hash: countShared(seen, hash), ...size };
  return { name, vocabulary: [...seen].flatMap(([value, count]) => (count >= least ? [value] : [])), ...size };
}

function countShared(seen: ReadonlyMap<string, number>, buckets: number): TableHash {
  const idOf = valueIds({ name: '', vocabulary: [], hash: { buckets, values: 0, shared: 0 } });
  const ids = Int32Array.from(seen.keys(), idOf).sort();
  const shared = ids.reduce((sum, id, k) => sum + Number(id === ids[k - 1] || id === ids[k + 1]), 0);
  return { buckets, values: ids.length, shared };
}

function check(name: string, definition: TableDefinition): void {
  const most = { hash: MOST_BUCKETS, minimumCount: Number.MAX_SAFE_INTEGER, dimension: 4096 };
  for (const [option, value] of Object.entries<number | undefined>(definition as Readonly<Record<string, number | undefined>>)) {
    const known = Object.hasOwn(most, option);
    const bound = most[option as keyof typeof most];
    if (known && (value === undefined || (Number.isInteger(value) && value >= 1 && value <= bound))) continue;
    throw new CtrError('CTR_OPTION', known ? `${option} is ${String(value)}` : `there is no option '${option}'`, {
      where: `table '${name}'`,
      expected: known ? `a whole number from 1 to ${bound}` : Object.keys(most).join(', '),
    });
  }
  if (definition.hash === undefined || definition.minimumCount === undefined) return;
  throw new CtrError('CTR_OPTION', 'hash and minimumCount exclude one another: hashing keeps no vocabulary to leave values out of', {
    where: `table '${name}'`,
    remedy: 'leave one of them out',
  });
}
