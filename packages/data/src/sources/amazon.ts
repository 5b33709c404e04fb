import { CSV, type Dialect } from '../read/fields.js';
import type { RecordProblem, RowRecord } from '../read/records.js';
import { cellId, cellList, cellText, cellValue, cellYear, idText, webText } from './cells.js';
import { formatSource } from './format-source.js';
import type { EntityFormat, EntityRow, FileFormat, RatingsFormat } from './formats.js';
import { LiteralError, parseLiteral } from '../read/python-literal.js';
import type { DatasetSource } from './raw-tables.js';
import { books } from '../words/domains/books.js';
import { products } from '../words/domains/products.js';

const STARS = { low: 1, high: 5 };
const usually = /^(reviews_.*|ratings_.*|books_rating.*)\.(json|jsonl|csv)(\.gz)?$/iu;

const reviews: readonly RatingsFormat[] = [
  {
    role: 'ratings',
    name: 'Amazon reviews of 2014 or 2018',
    mark: { keys: ['reviewerID', 'asin', 'overall', 'unixReviewTime'] },
    usually,
    example: '{"reviewerID": "A2IBPI20UZIR0U", "asin": "1384719342", "overall": 5.0, "unixReviewTime": 1393545600}',
    user: { column: 'reviewerID' },
    item: { column: 'asin' },
    rating: { column: 'overall', ...STARS },
    time: { column: 'unixReviewTime', unit: 's' },
  },
  {
    role: 'ratings',
    name: 'Amazon reviews of 2023',
    mark: { keys: ['user_id', 'parent_asin', 'rating', 'timestamp'] },
    usually,
    example:
      '{"rating": 5.0, "asin": "B00YQ6X8EO", "parent_asin": "B00YQ6X8EO", "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ", "timestamp": 1588687728923}',
    user: { column: 'user_id' },
    item: { column: 'parent_asin' }, // variants of one product share it, and the metadata has no other id
    rating: { column: 'rating', ...STARS },
    time: { column: 'timestamp', unit: 'ms' },
  },
  {
    role: 'ratings',
    name: 'Amazon ratings of 2023, CSV',
    mark: { header: ['user_id', 'parent_asin', 'rating', 'timestamp'], dialects: [CSV], encoding: 'utf-8' },
    usually,
    example: 'AFKZENTNBQ7A7V7UXW5JJI6UGRYQ,B00YQ6X8EO,5.0,1588687728923',
    user: { column: 'user_id' },
    item: { column: 'parent_asin' },
    rating: { column: 'rating', ...STARS },
    time: { column: 'timestamp', unit: 'ms' },
  },
];

/** Ratings alone were published without a header: user first in 2014, item first in 2018. An item's id has ten characters, a user's more. */
const bareRatings = (name: string, columns: readonly string[], rows: RegExp, example: string): RatingsFormat => ({
  role: 'ratings',
  name,
  mark: { rows, columns, dialect: { separator: ',', quotes: false }, encoding: 'utf-8' },
  usually,
  example,
  user: { column: 'user' },
  item: { column: 'item' },
  rating: { column: 'rating', ...STARS },
  time: { column: 'timestamp', unit: 's' },
});

const bare: readonly RatingsFormat[] = [
  bareRatings(
    'Amazon ratings of 2014, CSV',
    ['user', 'item', 'rating', 'timestamp'],
    /^[A-Z\d#-]{11,},[A-Z\d]{10},[1-5](\.0)?,\d+$/iu,
    'AH2L9G3DQHHAJ,0000000116,4.0,1019865600',
  ),
  bareRatings(
    'Amazon ratings of 2018, CSV',
    ['item', 'user', 'rating', 'timestamp'],
    /^[A-Z\d]{10},[A-Z\d#-]{11,},[1-5](\.0)?,\d+$/iu,
    '0001713353,A1C6M8LCIX4M6M,5.0,1123804800',
  ),
];

const KAGGLE: Dialect = { ...CSV, quotedLineBreaks: true };

/** The pair of CSV files on Kaggle joins on titles, and has reviews without a user. */
const kaggleReviews: RatingsFormat = {
  role: 'ratings',
  name: 'Amazon book reviews of Kaggle, CSV',
  mark: { header: ['Id', 'Title', 'User_id', 'review/score', 'review/time'], dialects: [KAGGLE], encoding: 'utf-8' },
  usually,
  example: '1882931173,Its Only Art If Its Well Hung!,,AVCGYZL8FQQTD,Jim of Oz,7/7,4.0,940636800,Nice collection,A text',
  user: { column: 'User_id', dropEmpty: 'without-user' },
  item: { column: 'Title', dropEmpty: 'without-title' },
  rating: { column: 'review/score', ...STARS },
  time: { column: 'review/time', unit: 's' },
  domain: books,
};

/** Page code in place of a title: the publishers of the data advise to leave such rows out. */
const PAGE_CODE = /getTime/u;

function product(record: RowRecord, columns: { id: string; category: string; maker: string }): EntityRow | RecordProblem | string {
  const id = cellId(record[columns.id], columns.id);
  if (typeof id !== 'string') return id;
  const title = cellText(record['title']);
  if (PAGE_CODE.test(title)) return 'page-code-title';
  return {
    id,
    title: webText(title) || id,
    attributes: { categories: cellList(record[columns.category]), brand: cellValue(record[columns.maker]) },
    numbers: { price: record['price'] },
  };
}

const metadataFormat = (
  name: string,
  id: string,
  category: string,
  maker: string,
  keys: readonly string[],
  example: string,
): EntityFormat => ({
  role: 'items',
  name,
  mark: { keys, without: ['reviewerID', 'user_id'] },
  usually: /^(meta_.*\.(json|jsonl)|books_data\.csv)(\.gz)?$/iu,
  example,
  columns: [id, 'title', 'price', category, maker],
  attributes: ['categories', 'brand'],
  numbers: ['price'],
  row: (record) => product(record, { id, category, maker }),
});

const metadata: readonly EntityFormat[] = [
  metadataFormat(
    'Amazon metadata of 2014',
    'asin',
    'categories',
    'brand',
    ['asin', 'categories'],
    "{'asin': '0001048791', 'categories': [['Books']], 'title': 'The Crucible'}",
  ),
  metadataFormat(
    'Amazon metadata of 2018',
    'asin',
    'category',
    'brand',
    ['asin', 'category'],
    '{"category": ["Books"], "title": "The Crucible", "brand": "", "asin": "0001048791"}',
  ),
  metadataFormat(
    'Amazon metadata of 2023',
    'parent_asin',
    'categories',
    'store',
    ['parent_asin', 'title'],
    '{"main_category": "Books", "title": "The Crucible", "categories": ["Books"], "parent_asin": "0001048791"}',
  ),
];

const kaggleBooks: EntityFormat = {
  role: 'items',
  name: 'Amazon books of Kaggle, CSV',
  mark: { header: ['Title', 'authors', 'publishedDate', 'categories'], dialects: [KAGGLE], encoding: 'utf-8' },
  usually: /^books_data\.csv(\.gz)?$/iu,
  example: `Its Only Art If Its Well Hung!,,['Julie Strain'],,,,1996,,['Comics & Graphic Novels'],`,
  columns: ['Title', 'authors', 'publisher', 'publishedDate', 'categories'],
  attributes: ['categories', 'author', 'publisher'],
  row(record) {
    const title = idText(record['Title']);
    if (title === undefined) return 'without-title';
    return {
      id: title,
      title: webText(title) || title,
      year: cellYear(cellText(record['publishedDate']).slice(0, 4)),
      attributes: {
        categories: pythonList(record['categories']),
        author: pythonList(record['authors']),
        publisher: cellValue(record['publisher']),
      },
    };
  },
};

/** A list written as Python does, or what the cell holds. */
function pythonList(cell: unknown): string[] {
  try {
    return cellList(parseLiteral(cellText(cell)));
  } catch (error) {
    if (!(error instanceof LiteralError)) throw error;
    return cellValue(cell);
  }
}

const formats: readonly FileFormat[] = [...reviews, ...bare, kaggleReviews, ...metadata, kaggleBooks];

/** Amazon reviews of any release and category. */
export const amazon: DatasetSource = formatSource({
  name: 'amazon',
  description: 'Amazon reviews of 2014, 2018 or 2023: JSON lines, with metadata where it is there; or the books of Kaggle',
  formats,
  required: ['ratings'],
  label: { threshold: 4 },
  catalogue: 'the products of Amazon',
  domain: { ...products, units: { price: 'USD' } },
});
