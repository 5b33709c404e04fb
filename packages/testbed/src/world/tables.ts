import type { DatasetSource, RawTables } from '@expctr/data';
import { valueNames } from './vocabulary.js';
import type { World } from './world.js';

/** The rating that stands for label 1 and for label 0; the data package's default threshold lies between them. */
const RATING = { 1: 5, 0: 2 } as const;

/** What the world looks like from outside: ratings, titles and attributes, and nothing of what lies behind. 20 bytes an interaction. */
export function worldTables(world: World): RawTables {
  const { items, domain, options } = world;
  const names = valueNames(domain);
  const itemIds = items.map(({ itemId }) => itemId);
  const most = options.users * options.maxInteractions;
  const columns = {
    user: new Int32Array(most),
    item: new Int32Array(most),
    rating: new Float32Array(most),
    timestamp: new Float64Array(most),
  };
  const userIds: string[] = [];
  let length = 0;
  for (let user = 0; user < options.users; user += 1) {
    const { userId, rows } = world.user(user);
    userIds.push(userId);
    for (const row of rows) {
      columns.user[length] = user;
      columns.item[length] = row.item;
      columns.rating[length] = RATING[row.label];
      columns.timestamp[length] = row.timestamp;
      length += 1;
    }
  }
  return {
    ratings: {
      length,
      userIds,
      itemIds,
      user: columns.user.subarray(0, length),
      item: columns.item.subarray(0, length),
      rating: columns.rating.subarray(0, length),
      timestamp: columns.timestamp.subarray(0, length),
    },
    items: {
      itemIds,
      title: items.map(({ title }) => title),
      attributes: Object.fromEntries(domain.fields.map(({ name }, field) => [name, items.map(({ values }) => [names[values[field]!]!])])),
      year: Float32Array.from(items, ({ year }) => year),
    },
    files: [],
    domain: { name: domain.plural, noun: domain.noun, plural: domain.plural },
    notes: ['This is a simulated world: no item, user or rating is real.'],
  };
}

/** A world as a source of the data package, for all that takes one; no folder is read. */
export function worldSource(world: World): DatasetSource {
  return {
    name: 'testbed',
    description: 'a simulated world whose true reasons are known',
    load: () => Promise.resolve(worldTables(world)),
  };
}
