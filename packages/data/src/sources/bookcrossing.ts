import { CSV, type Dialect } from '../read/fields.js';
import type { RowRecord } from '../read/records.js';
import { cellId, cellText, cellValue, cellYear, problem, webText } from './cells.js';
import { formatSource } from './format-source.js';
import type { EntityFormat, EntityRow, FileFormat, Mark, RatingsFormat } from './formats.js';
import type { RecordProblem } from '../read/records.js';
import type { DatasetSource } from './raw-tables.js';
import { books } from '../words/domains/books.js';

/** The original of 2004: Latin-1, every field but NULL in quotes, `\"` inside; one user's location holds a line break. */
const ORIGINAL: Dialect = { separator: ';', quotes: true, escape: 'backslash', quotedLineBreaks: true };
/** Copies from pandas and spreadsheets. */
const COPY: Dialect = { ...CSV, quotedLineBreaks: true };
const dialects = [COPY, ORIGINAL] as const;

const mark = (header: readonly string[], without: readonly string[] = []): Mark => ({ header, without, dialects, encoding: 'either' });

const ratingsFormat = (name: string, rating: string, ratingsMark: Mark, example: string): RatingsFormat => ({
  role: 'ratings',
  name,
  mark: ratingsMark,
  usually: /^(bx[-_ ])?(book[-_ ]?)?ratings\.csv(\.gz)?$/iu,
  example,
  user: { column: 'User-ID', whole: true },
  item: { column: 'ISBN' },
  rating: { column: rating, low: 0, high: 10 },
});

const ratings: readonly RatingsFormat[] = [
  ratingsFormat('BookCrossing ratings', 'Book-Rating', mark(['User-ID', 'ISBN', 'Book-Rating']), '276725;034545104X;0'),
  ratingsFormat('BookCrossing ratings', 'Rating', mark(['User-ID', 'ISBN', 'Rating']), '276725;034545104X;0'),
  ratingsFormat(
    'BookCrossing ratings without a header',
    'Book-Rating',
    {
      rows: /^"?\d+"?;"?[^;"\\\s]+"?;"?(?:10|\d)"?$/u,
      columns: ['User-ID', 'ISBN', 'Book-Rating'],
      dialect: ORIGINAL,
      encoding: 'either',
    },
    '"276725";"034545104X";"0"',
  ),
];

/** Years up to 2050 stand in the data for books of 2003 and earlier: outside this range there is no year. */
const [FIRST_YEAR, LAST_YEAR] = [1000, 2010];

const booksFormat = (title: string, author: string, year: string, publisher: string, example: string): EntityFormat => ({
  role: 'items',
  name: 'BookCrossing books',
  mark: mark(['ISBN', title, author, year], ['User-ID']),
  usually: /^(bx[-_ ])?books\.csv(\.gz)?$/iu,
  example,
  columns: ['ISBN', title, author, year, publisher],
  attributes: ['author', 'publisher'],
  row: (record) => book(record, { title, author, year, publisher }),
});

function book(record: RowRecord, names: Readonly<Record<'title' | 'author' | 'year' | 'publisher', string>>): EntityRow | RecordProblem {
  const id = cellId(record['ISBN'], 'ISBN');
  if (typeof id !== 'string') return id;
  const written = cellText(record[names.year]);
  // A row whose columns are shifted shows it here: a publisher stands where the year should be.
  if (!/^(\d{1,4}(\.0)?|NULL)?$/u.test(written)) return problem(names.year, 'this is no year', 'a year, or 0 where it is not known');
  const year = cellYear(written);
  return {
    id,
    title: webText(cellText(record[names.title])) || id,
    year: year >= FIRST_YEAR && year <= LAST_YEAR ? year : NaN,
    attributes: { author: cellValue(record[names.author]), publisher: cellValue(record[names.publisher]) },
  };
}

const bookFormats: readonly EntityFormat[] = [
  booksFormat(
    'Book-Title',
    'Book-Author',
    'Year-Of-Publication',
    'Publisher',
    '"0195153448";"Classical Mythology";"Mark P. O. Morford";"2002";"Oxford"',
  ),
  booksFormat('Title', 'Author', 'Year', 'Publisher', '0195153448;Classical Mythology;Mark P. O. Morford;2002;Oxford'),
];

/** Copies of the course kind name the publisher differently. */
const courseBooks: EntityFormat = {
  ...booksFormat(
    'Book-Title',
    'Book-Author',
    'Year-Of-Publication',
    'Book-Publisher',
    '0002005018,Clara Callan,Richard Bruce Wright,2001,HarperFlamingo',
  ),
  mark: mark(['ISBN', 'Book-Title', 'Book-Author', 'Year-Of-Publication', 'Book-Publisher']),
};

const OLDEST = 100;

function user(id: unknown, age: unknown, country: string): EntityRow | RecordProblem {
  const userId = cellText(id);
  if (!/^\d{1,15}$/u.test(userId)) return problem('User-ID', 'this is no user id', 'a whole number');
  const written = cellText(age).replaceAll('"', '');
  if (!/^(\d{1,3}(\.0)?|NULL)?$/u.test(written)) return problem('Age', 'this is no age', 'a whole number of years, or NULL');
  const years = Number(written.replace('NULL', '') || NaN);
  const place = webText(country.replaceAll('"', '')).toLowerCase();
  return {
    id: userId,
    attributes: {
      // Ages of 0 and over 100 are in the data, and tell nothing.
      age: years > 0 && years <= OLDEST ? [String(years)] : [],
      country: place === '' || place === 'n/a' ? [] : [place],
    },
  };
}

const usersFormat = (columns: readonly string[], example: string, row: EntityFormat['row']): EntityFormat => ({
  role: 'users',
  name: 'BookCrossing users',
  mark: mark(columns),
  usually: /^(bx[-_ ])?users\.csv(\.gz)?$/iu,
  example,
  columns,
  attributes: ['age', 'country'],
  row,
});

const users: readonly EntityFormat[] = [
  usersFormat(['User-ID', 'Location', 'Age'], '"2";"stockton, california, usa";"18"', (record) =>
    user(record['User-ID'], record['Age'], cellText(record['Location']).split(',').at(-1) ?? ''),
  ),
  usersFormat(['User-ID', 'User-City', 'User-State', 'User-Country', 'User-Age'], '42,appleton,wisconsin,usa,17', (record) =>
    user(record['User-ID'], record['User-Age'], cellText(record['User-Country'])),
  ),
];

const formats: readonly FileFormat[] = [...ratings, courseBooks, ...bookFormats, ...users];

/** BookCrossing: the original of 2004, and its copies as CSV. A rating of 0 says only that someone has the book. */
export const bookCrossing: DatasetSource = formatSource({
  name: 'bookcrossing',
  description: 'BookCrossing: the semicolon-separated original, or copies as CSV',
  formats,
  required: ['ratings'],
  label: { threshold: 8, zerosAreImplicit: true },
  catalogue: 'the books of BookCrossing',
  domain: books,
});
