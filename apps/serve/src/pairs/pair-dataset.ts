import { SLICES, SPLITS, type Interactions, type Items } from '@expctr/data';
import type { ItemContent, Pair } from './pair.js';

/** Pairs as a dataset of their own. */
export interface PairDataset {
  readonly interactions: Interactions;
  readonly items: Items;
  /** The interaction of each pair. */
  readonly rows: Int32Array;
}

/**
 * The interactions of some pairs, histories before them, in the form of a prepared dataset: whatever makes features or prompts of a run's
 * data makes them of these, in the same way and at the cost of these alone.
 */
export function pairDataset(pairs: readonly Pair[]): PairDataset {
  const contents: ItemContent[] = [];
  const user: number[] = [];
  const label: number[] = [];
  const history: number[] = [];
  const offsets = [0];
  const rows = Int32Array.from(pairs, ({ target, history: past }, code) => {
    const first = contents.length;
    for (const { item, liked } of past) {
      contents.push(item);
      user.push(code);
      label.push(Number(liked));
      offsets.push(history.length);
    }
    for (let k = 0; k < past.length; k += 1) history.push(first + k);
    contents.push(target);
    user.push(code);
    label.push(0);
    offsets.push(history.length);
    return contents.length - 1;
  });
  const { length } = contents;
  const interactions: Interactions = {
    length,
    interactionId: Uint32Array.from(contents.keys()),
    user: Int32Array.from(user),
    item: Int32Array.from(contents.keys()),
    userIds: pairs.map(({ userId }) => userId),
    itemIds: contents.map(({ id }) => id),
    label: Uint8Array.from(label),
    rating: new Float32Array(length).fill(NaN),
    timestamp: new Float64Array(length).fill(NaN),
    split: new Uint8Array(length).fill(SPLITS.indexOf('test')),
    slice: new Uint8Array(length).fill(SLICES.indexOf(null)),
    historyOffsets: Uint32Array.from(offsets),
    history: Uint32Array.from(history),
  };
  return { interactions, items: itemsOf(contents), rows };
}

function itemsOf(contents: readonly ItemContent[]): Items {
  const names = (of: (content: ItemContent) => object): string[] => (contents.length === 0 ? [] : Object.keys(of(contents[0]!)));
  const numbers = names(({ numbers }) => numbers);
  return {
    length: contents.length,
    itemIds: contents.map(({ id }) => id),
    title: contents.map(({ title }) => title),
    attributes: Object.fromEntries(
      names(({ attributes }) => attributes).map((name) => [name, contents.map(({ attributes }) => attributes[name]!)] as const),
    ),
    year: Float32Array.from(contents, ({ year }) => year),
    ...(numbers.length === 0
      ? {}
      : { numbers: Object.fromEntries(numbers.map((name) => [name, Float32Array.from(contents, (content) => content.numbers[name]!)])) }),
  };
}
