import type { TokenIds } from '@expctr/language-model';
import type { RowPair } from '@expctr/language-model/training';
import { packedLength, type PackedText } from './packing.js';
import { keyOf } from './token-ids.js';

/** Some rows as one sequence. */
export interface Sequence {
  readonly text: PackedText;
  /** Rows of the batch, one for each continuation. */
  readonly rows: readonly number[];
  /** How many tokens of each continuation stand before the one that predicts its response's first. */
  readonly leads: readonly number[];
}

/** Rows by prompt, in sequences of at most `2 * limit` tokens; rows of one prompt that pairs connect stay together where they fit. */
export function groupRows(
  prompts: readonly TokenIds[],
  responses: readonly TokenIds[],
  pairs: readonly RowPair[],
  limit: number,
): Sequence[] {
  const keys = prompts.map(keyOf);
  const bundles = connected(prompts.length, pairs).flatMap((rows) => [...groupBy(rows, (row) => keys[row]!).values()]);
  return [...groupBy(bundles, ([row]) => keys[row!]!).values()].flatMap((ofPrompt) => {
    const prompt = Array.from(prompts[ofPrompt[0]![0]!]!);
    const shared = prompt.slice(0, -1);
    const fed = (row: number): number[] => [prompt.at(-1)!, ...Array.from(responses[row]!).slice(0, -1)];
    const sequences: { text: { shared: TokenIds; continuations: TokenIds[] }; rows: number[] }[] = [];
    const lengthOf = (rows: readonly number[]): number => rows.reduce((sum, row) => sum + responses[row]!.length, 0);
    const pieces = ofPrompt.flatMap((rows) => (shared.length + lengthOf(rows) <= 2 * limit ? [rows] : rows.map((row) => [row])));
    for (const rows of pieces) {
      let open = sequences.at(-1);
      const more = lengthOf(rows);
      if (open === undefined || packedLength(open.text) + more > 2 * limit) {
        open = { text: { shared, continuations: [] }, rows: [] };
        sequences.push(open);
      }
      open.text.continuations.push(...rows.map(fed));
      open.rows.push(...rows);
    }
    return sequences.map((sequence) => ({ ...sequence, leads: sequence.rows.map(() => 0) }));
  });
}

/**
 * Rows side by side, each as a continuation of nothing, in sequences of at most `limit` tokens (or one row). The longest come first, each
 * into the first sequence with room for it, so that nearly all are full and few sizes have to be compiled.
 */
export function packRows(prompts: readonly TokenIds[], responses: readonly TokenIds[], limit: number): Sequence[] {
  const sequences: { text: { shared: TokenIds; continuations: TokenIds[] }; rows: number[]; leads: number[] }[] = [];
  const texts = prompts.map((prompt, row) => [...Array.from(prompt), ...Array.from(responses[row]!).slice(0, -1)]);
  const order = [...texts.keys()].sort((a, b) => texts[b]!.length - texts[a]!.length || a - b);
  for (const row of order) {
    const fed = texts[row]!;
    let open = sequences.find(({ text }) => packedLength(text) + fed.length <= limit);
    if (open === undefined) {
      open = { text: { shared: [], continuations: [] }, rows: [], leads: [] };
      sequences.push(open);
    }
    open.text.continuations.push(fed);
    open.rows.push(row);
    open.leads.push(prompts[row]!.length - 1);
  }
  return sequences;
}

/** Sequences that pairs connect, longest first within a unit and among units; without pairs each is a unit of its own. */
export function unitsOf(sequences: readonly Sequence[], pairs: readonly RowPair[]): Sequence[][] {
  const home = new Map(sequences.flatMap(({ rows }, index) => rows.map((row) => [row, index] as const)));
  const links = pairs.map(([chosen, rejected]): RowPair => [home.get(chosen)!, home.get(rejected)!]);
  const longestFirst = (a: Sequence, b: Sequence): number => packedLength(b.text) - packedLength(a.text) || a.rows[0]! - b.rows[0]!;
  return connected(sequences.length, links)
    .map((unit) => unit.map((index) => sequences[index]!).sort(longestFirst))
    .sort(([a], [b]) => longestFirst(a!, b!));
}

/** 0 … count - 1 in groups that links connect, however indirectly; each group in order, groups by their first member. */
function connected(count: number, links: readonly RowPair[]): number[][] {
  const parent = Array.from({ length: count }, (_, index) => index);
  const rootOf = (index: number): number => {
    while (parent[index] !== index) index = parent[index] = parent[parent[index]!]!;
    return index;
  };
  for (const [a, b] of links) parent[rootOf(b)] = rootOf(a);
  return [...groupBy(parent.keys(), rootOf).values()];
}

function groupBy<T, K>(items: Iterable<T>, keyOfItem: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
