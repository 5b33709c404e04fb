// Small made-up shops whose users like some categories and dislike others, and the plain estimate that a model there has to reach.
import { createRng } from '@expctr/core';
import { rowsOf, type PreparedDataset, type RawTables } from '@expctr/data';

const USERS = 60;
const ITEMS = 80;
const PER_USER = 40;
const CATEGORIES = ['lamps', 'chairs', 'rugs', 'shelves', 'vases', 'clocks'];

/** A shop of 60 customers and 80 things in six categories; the logit of a like is the customer's taste for the category and a whim. */
export function shopTables(seed: number): RawTables {
  const rng = createRng(seed).fork('shop');
  const category = Array.from({ length: ITEMS }, () => rng.int(CATEGORIES.length));
  const rows = Array.from({ length: USERS }, (_, user) => {
    const own = rng.fork('user', user);
    const taste = CATEGORIES.map(() => 1.5 * own.normal());
    const seen = own.shuffle(Array.from({ length: ITEMS }, (_, item) => item)).slice(0, PER_USER);
    return seen.map((item, visit) => ({
      user,
      item,
      rating: own.next() < 1 / (1 + Math.exp(-taste[category[item]!]! - 0.5 * own.normal())) ? 5 : 1,
      timestamp: 86_400_000 * (visit + 1),
    }));
  }).flat();
  const ids = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}${at + 1}`);
  return {
    ratings: {
      length: rows.length,
      user: Int32Array.from(rows, (row) => row.user),
      item: Int32Array.from(rows, (row) => row.item),
      userIds: ids('customer', USERS),
      itemIds: ids('thing', ITEMS),
      rating: Float32Array.from(rows, (row) => row.rating),
      timestamp: Float64Array.from(rows, (row) => row.timestamp),
    },
    items: {
      itemIds: ids('thing', ITEMS),
      title: ids('Thing ', ITEMS),
      attributes: { category: category.map((at) => [CATEGORIES[at]!]) },
      year: new Float32Array(ITEMS).fill(NaN),
    },
    files: [],
    notes: [],
  };
}

/** The share of likes of each row's user among train rows of its item's category, drawn towards the share of all by four rows. */
export function categoryMeans({ interactions, items }: PreparedDataset, rows: Uint32Array): Float64Array {
  const key = (row: number): string => `${interactions.user[row]!} ${items.attributes['category']![interactions.item[row]!]!.join()}`;
  const train = rowsOf(interactions, 'train');
  const all = train.reduce((sum, row) => sum + interactions.label[row]!, 0) / train.length;
  const counts = new Map<string, { likes: number; rows: number }>();
  for (const row of train) {
    const { likes, rows: seen } = counts.get(key(row)) ?? { likes: 0, rows: 0 };
    counts.set(key(row), { likes: likes + interactions.label[row]!, rows: seen + 1 });
  }
  return Float64Array.from(rows, (row) => {
    const { likes, rows: seen } = counts.get(key(row)) ?? { likes: 0, rows: 0 };
    return (likes + 4 * all) / (seen + 4);
  });
}
