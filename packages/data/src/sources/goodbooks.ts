import { CSV } from '../read/fields.js';
import { cellId, cellList, cellText, cellValue, webText } from './cells.js';
import { formatSource } from './format-source.js';
import type { EntityFormat, RatingsFormat } from './formats.js';
import type { DatasetSource } from './raw-tables.js';
import { numberOf } from './ratings-builder.js';
import { books } from '../words/domains/books.js';

const ratings: RatingsFormat = {
  role: 'ratings',
  name: 'goodbooks-10k ratings',
  mark: { header: ['user_id', 'book_id', 'rating'], dialects: [CSV], encoding: 'utf-8' },
  usually: /^ratings\.csv(\.gz)?$/iu,
  example: '1,258,5',
  user: { column: 'user_id', whole: true },
  item: { column: 'book_id', whole: true },
  rating: { column: 'rating', low: 1, high: 5 },
};

/**
 * Ratings name a book by its place among the 10,000: `book_id`, which the first release called `id`. The mean ratings in the file
 * are left out: they hold the ratings that will be test rows.
 */
const booksFormat = (id: string, mark: EntityFormat['mark']): EntityFormat => ({
  role: 'items',
  name: 'goodbooks-10k books',
  mark,
  usually: /^books\.csv(\.gz)?$/iu,
  example:
    '1,2767052,2767052,2792775,272,439023483,9.78043902348e+12,Suzanne Collins,2008.0,The Hunger Games,"The Hunger Games (The Hunger Games, #1)",eng,4.34',
  columns: [id, 'title', 'original_title', 'authors', 'original_publication_year', 'language_code', 'genres'],
  attributes: ['author', 'language', 'genres'],
  row(record) {
    const bookId = cellId(record[id], id);
    if (typeof bookId !== 'string') return bookId;
    const genres = cellText(record['genres']); // an extended edition has them, as a Python list
    return {
      id: bookId,
      title: webText(cellText(record['title'])) || webText(cellText(record['original_title'])) || bookId,
      year: numberOf(record['original_publication_year']),
      attributes: {
        author: cellList(record['authors'], ','),
        language: cellValue(record['language_code']),
        genres: cellList(genres.replace(/[[\]'"]/gu, ''), ','),
      },
    };
  },
});

/** goodbooks-10k: ratings.csv and books.csv, of either release. Its ratings have no times. */
export const goodbooks: DatasetSource = formatSource({
  name: 'goodbooks',
  description: 'goodbooks-10k: ratings.csv, books.csv',
  formats: [
    ratings,
    booksFormat('id', { header: ['id', 'book_id', 'best_book_id', 'authors', 'title'], dialects: [CSV], encoding: 'utf-8' }),
    booksFormat('book_id', { header: ['book_id', 'authors', 'title'], without: ['user_id'], dialects: [CSV], encoding: 'utf-8' }),
  ],
  required: ['ratings', 'items'],
  label: { threshold: 4 },
  catalogue: 'the books of goodbooks-10k',
  domain: books,
});
