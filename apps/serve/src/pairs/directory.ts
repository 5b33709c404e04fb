import { SPLITS, type Interactions, type Items, type StoredDataset } from '@expctr/data';
import type { ItemContent } from './pair.js';

/** Which rows make the history of a user who comes now: what the data's options said of histories. */
export interface HistoryRule {
  /** At most so many. */
  readonly length: number;
  /** Whether rows of all splits count, not those of the train split alone. */
  readonly online: boolean;
}

/** Users and items of a run by their ids. */
export interface Directory {
  readonly interactions: Interactions;
  readonly items: Items;
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** Code of a user; undefined where the run has none of that id. */
  user(id: string): number | undefined;
  /** Code of an item; undefined where the run has none of that id. */
  item(id: string): number | undefined;
  /** All of an item. */
  readonly content: (item: number) => ItemContent;
  /** The interactions that make a user's history now, oldest first. */
  historyNow(user: number): readonly number[];
}

/** Indexes a dataset once. */
export function createDirectory({ interactions, items }: Pick<StoredDataset, 'interactions' | 'items'>, rule: HistoryRule): Directory {
  const { userIds, itemIds } = interactions;
  const users = new Map(userIds.map((id, code) => [id, code]));
  const byId = new Map(itemIds.map((id, code) => [id, code]));
  const start = userStarts(interactions);
  const inHistories = new Uint8Array(interactions.length);
  for (const row of interactions.history) inHistories[row] = 1;
  const contents: ItemContent[] = [];

  /** Rows that some history holds, and the user's last, which none can hold: so what was sampled, and chosen by nobody, stays out. */
  function counts(row: number, last: number): boolean {
    if (!rule.online && interactions.split[row] !== SPLITS.indexOf('train')) return false;
    return inHistories[row] === 1 || row === last;
  }

  return {
    interactions,
    items,
    userIds,
    itemIds,
    user: (id) => users.get(id),
    item: (id) => byId.get(id),
    content: (item) => (contents[item] ??= contentOf(items, item)),
    historyNow(user) {
      const [first, end] = [start[user]!, start[user + 1]!];
      const rows: number[] = [];
      for (let row = end - 1; row >= first && rows.length < rule.length; row -= 1) if (counts(row, end - 1)) rows.push(row);
      return rows.reverse();
    },
  };
}

/** First row of each user; rows are sorted by user. */
function userStarts({ user, userIds, length }: Interactions): Uint32Array {
  const start = new Uint32Array(userIds.length + 1);
  for (let row = 0; row < length; row += 1) start[user[row]! + 1]! += 1;
  for (let code = 0; code < userIds.length; code += 1) start[code + 1]! += start[code]!;
  return start;
}

function contentOf({ itemIds, title, attributes, year, numbers = {} }: Items, item: number): ItemContent {
  return {
    id: itemIds[item]!,
    title: title[item]!,
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, lists]) => [name, lists[item]!])),
    year: year[item]!,
    numbers: Object.fromEntries(Object.entries(numbers).map(([name, values]) => [name, values[item]!])),
  };
}
