import type { RawTables } from '@expctr/data';
import { valueNames } from './vocabulary.js';
import type { World } from './world.js';

/** The rating that stands for label 1 and for label 0; the data package's default threshold lies between them. */
const RATING = { 1: 5, 0: 2 } as const;

/**
 * What the world looks like from outside, for `prepareTables`: ratings, titles and attributes, and nothing of what lies behind.
 * @param users the first and the last but one of the users to take; default all
 */
export function worldTables(world: World, [first, end]: readonly [number, number] = [0, world.options.users]): RawTables {
  const { items, domain } = world;
  const names = valueNames(domain);
  const columns = { user: [] as number[], item: [] as number[], rating: [] as number[], timestamp: [] as number[] };
  const userIds: string[] = [];
  for (let at = first; at < end; at += 1) {
    const { userId, rows } = world.user(at);
    const user = userIds.push(userId) - 1;
    for (const row of rows) {
      columns.user.push(user);
      columns.item.push(row.item);
      columns.rating.push(RATING[row.label]);
      columns.timestamp.push(row.timestamp);
    }
  }
  const itemIds = items.map(({ itemId }) => itemId);
  return {
    ratings: {
      length: columns.user.length,
      user: Int32Array.from(columns.user),
      item: Int32Array.from(columns.item),
      userIds,
      itemIds,
      rating: Float32Array.from(columns.rating),
      timestamp: Float64Array.from(columns.timestamp),
    },
    items: {
      itemIds,
      title: items.map(({ title }) => title),
      attributes: Object.fromEntries(domain.fields.map(({ name }, field) => [name, items.map(({ values }) => [names[values[field]!]!])])),
      year: Float32Array.from(items, ({ year }) => year),
    },
    files: [],
    notes: ['This is a simulated world: no item, user or rating is real.'],
  };
}
