import { cellId, cellList, cellText, cellValue, problem, webText } from './cells.js';
import { formatSource } from './format-source.js';
import type { EntityFormat, RatingsFormat } from './formats.js';
import type { DatasetSource } from './raw-tables.js';
import { places } from '../words/domains/places.js';

const reviews: RatingsFormat = {
  role: 'ratings',
  name: 'Yelp reviews',
  mark: { keys: ['user_id', 'business_id', 'stars', 'date'] },
  usually: /review.*\.json(\.gz)?$/iu,
  example:
    '{"review_id":"KU_O5udG6zpxOg-VcAEodg","user_id":"mh_-eMZ6K5RLWhZyISBhwA","business_id":"XQfwVwDr-v0ZS3_CbbE5Xw","stars":3.0,"date":"2018-07-07 22:09:11"}',
  user: { column: 'user_id' },
  item: { column: 'business_id' },
  rating: { column: 'stars', low: 1, high: 5 },
  time: { column: 'date', unit: 'auto' },
};

/** The mean stars of a business are left out: they hold the reviews that will be test rows. */
const businesses: EntityFormat = {
  role: 'items',
  name: 'Yelp businesses',
  mark: { keys: ['business_id', 'name', 'categories'], without: ['user_id'] },
  usually: /business\.json(\.gz)?$/iu,
  example:
    '{"business_id":"Pns2l4eNsfO8kk83dixA6A","name":"Abby Rappoport, LAC, CMQ","city":"Santa Barbara","categories":"Doctors, Health & Medical"}',
  columns: ['business_id', 'name', 'city', 'state', 'categories'],
  attributes: ['categories', 'city', 'state'],
  row(record) {
    const id = cellId(record['business_id'], 'business_id');
    if (typeof id !== 'string') return id;
    const { categories } = record;
    if (categories !== null && typeof categories !== 'string' && !Array.isArray(categories)) {
      return problem('categories', 'these are no categories', 'a text with commas, a list, or null');
    }
    return {
      id,
      title: webText(cellText(record['name'])) || id,
      // A list in the first releases, a text with commas since 2018, null where there is none.
      attributes: {
        categories: cellList(categories, Array.isArray(categories) ? undefined : ','),
        city: cellValue(record['city']),
        state: cellValue(record['state']),
      },
    };
  },
};

/** The Yelp open dataset: reviews and businesses, one JSON object a line. */
export const yelp: DatasetSource = formatSource({
  name: 'yelp',
  description: 'Yelp open dataset: review and business JSON lines',
  formats: [reviews, businesses],
  required: ['ratings', 'items'],
  label: { threshold: 4 },
  catalogue: 'the places of Yelp',
  domain: places,
});
