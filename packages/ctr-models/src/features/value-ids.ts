import type { TableSchema } from './schema.js';
import { valueHash } from './value-hash.js';

/** Ids are int32, and 0 is one of them. */
export const MOST_BUCKETS = 2 ** 31 - 2;

/** Rows of the embedding table: one for each id, 0 included. */
export function tableRows({ vocabulary, hash }: TableSchema): number {
  return 1 + (hash?.buckets ?? vocabulary.length);
}

/**
 * The rule by which a table turns a value into an id: the value's place in the vocabulary, or its bucket
 * `1 + valueHash(value) % buckets`. 0 is a value that the vocabulary lacks; with hashing every value has a bucket.
 */
export function valueIds(table: TableSchema): (value: string) => number {
  const known = rules.get(table);
  if (known !== undefined) return known;
  const rule = ruleOf(table);
  rules.set(table, rule);
  return rule;
}

/** A table's vocabulary may be long, and rows come in many parts. */
const rules = new WeakMap<TableSchema, (value: string) => number>();

function ruleOf({ vocabulary, hash }: TableSchema): (value: string) => number {
  if (hash !== undefined) return (value) => 1 + (valueHash(value) % hash.buckets);
  const idOf = new Map(vocabulary.map((value, k) => [value, k + 1]));
  return (value) => idOf.get(value) ?? 0;
}
