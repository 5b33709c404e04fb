import { DataType, type Table } from 'apache-arrow';
import type { ItemText } from '../prompts/item-text.js';
import { DataError } from '../errors.js';
import { buildTable, float32Column, uint32Column, utf8Column, utf8ListColumn, type Column } from './arrow-build.js';
import { columnOf, readNumbers, readStringLists, readStrings } from './arrow-read.js';
import { validateTable } from './validate.js';
import { numberText } from './number-text.js';

/** items/1 in memory; beside an {@link Interactions}, row i is the item with code i. */
export interface Items {
  /** Number of rows. */
  readonly length: number;
  /** The items' ids. */
  readonly itemIds: readonly string[];
  /** Titles; empty where unknown. */
  readonly title: readonly string[];
  /** Multi-valued attributes by name, one list for each item: `attributes.genres[i]`. */
  readonly attributes: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Year of publication; NaN where unknown. */
  readonly year: Float32Array;
  /** Numbers by name, NaN where unknown, as the source has them: `card.numbers` says how to normalize them. */
  readonly numbers?: Readonly<Record<string, Float32Array>>;
  /** Train rows of each: popularity, and 0 for a cold start. Absent where the table does not say. */
  readonly trainCount?: Uint32Array;
}

/** users/1 in memory; beside an {@link Interactions}, row u is the user with code u. */
export interface Users {
  /** Number of rows. */
  readonly length: number;
  /** The users' ids. */
  readonly userIds: readonly string[];
  /** Multi-valued attributes by name, one list for each user. */
  readonly attributes: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Numbers by name, NaN where unknown, as the source has them: `card.numbers` says how to normalize them. */
  readonly numbers?: Readonly<Record<string, Float32Array>>;
  /** Train rows of each: popularity, and 0 for a cold start. Absent where the table does not say. */
  readonly trainCount?: Uint32Array;
}

/**
 * What a prompt shows of item `item`: title, attributes, and the numbers that are known, the year among them where the title does not
 * hold it.
 * @param units units of numbers by name, as a dataset's words have them
 */
export function itemText(items: Items, item: number, units: Readonly<Record<string, string>> = {}): ItemText {
  const attributes = Object.entries(items.attributes).map(([name, lists]) => [name, lists[item] ?? []] as const);
  const title = items.title[item] ?? '';
  const year = items.year[item] ?? NaN;
  const numbers = [
    ...(title.includes(String(year)) ? [] : [['year', year] as const]),
    ...Object.entries(items.numbers ?? {}).map(([name, values]) => [name, values[item] ?? NaN] as const),
  ].flatMap(([name, value]) => (Number.isNaN(value) ? [] : [[name, numberText(value, units[name])] as const]));
  return {
    title,
    attributes: Object.fromEntries(attributes),
    ...(numbers.length === 0 ? {} : { numbers: Object.fromEntries(numbers) }),
  };
}

const TRAIN_COUNT = 'train_count';

/** As an Arrow table with schema items/1: item_id, title, year, then a list<utf8> for each attribute, a float32 for each number, train_count. */
export function itemsToTable(items: Items): Table {
  return buildTable('items/1', items.length, [
    utf8Column('item_id', items.itemIds),
    utf8Column('title', items.title),
    float32Column('year', items.year, true),
    ...featureColumns(items),
  ]);
}

/**
 * From an Arrow table. With `itemIds` (of the interactions) the rows are put into that order, and every id must be there.
 * @throws DataError where the table is not items/1, or lacks an item.
 */
export function itemsFromTable(table: Table, itemIds?: readonly string[]): Items {
  validateTable(table, 'items/1');
  const ids = readStrings(columnOf(table, 'item_id'));
  const rows = rowsInOrder(ids, itemIds, 'item');
  const title = readStrings(columnOf(table, 'title'));
  const year = readNumbers(columnOf(table, 'year'), new Float32Array(ids.length));
  return {
    length: rows.length,
    itemIds: rows.map((row) => ids[row]!),
    title: rows.map((row) => title[row]!),
    year: Float32Array.from(rows, (row) => year[row]!),
    ...featuresOf(table, rows, ['year']),
  };
}

/** As an Arrow table with schema users/1: user_id, then the columns of features as in {@link itemsToTable}. */
export function usersToTable(users: Users): Table {
  return buildTable('users/1', users.length, [utf8Column('user_id', users.userIds), ...featureColumns(users)]);
}

function featureColumns({ attributes, numbers = {}, trainCount }: Omit<Users, 'userIds'>): Column[] {
  return [
    ...Object.entries(attributes).map(([name, lists]) => utf8ListColumn(name, lists)),
    ...Object.entries(numbers).map(([name, values]) => float32Column(name, values, true)),
    ...(trainCount === undefined ? [] : [uint32Column(TRAIN_COUNT, trainCount)]),
  ];
}

/** From an Arrow table; `userIds` as in {@link itemsFromTable}. @throws DataError where the table is not users/1, or lacks a user. */
export function usersFromTable(table: Table, userIds?: readonly string[]): Users {
  validateTable(table, 'users/1');
  const ids = readStrings(columnOf(table, 'user_id'));
  const rows = rowsInOrder(ids, userIds, 'user');
  return { length: rows.length, userIds: rows.map((row) => ids[row]!), ...featuresOf(table, rows) };
}

function rowsInOrder(ids: readonly string[], wanted: readonly string[] | undefined, what: string): number[] {
  if (wanted === undefined) return ids.map((_, row) => row);
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  return wanted.map((id) => {
    const row = rowOf.get(id);
    if (row === undefined) {
      throw new DataError('DATA_MISSING_ROW', `there is no ${what} '${id}' in the ${what}s table`, {
        expected: `a row for every ${what} of the interactions`,
      });
    }
    return row;
  });
}

/** The columns beyond the schema's own: lists of text are attributes, floats are numbers. */
function featuresOf(table: Table, rows: readonly number[], own: readonly string[] = []): Omit<Users, 'length' | 'userIds'> {
  const named = (is: (type: DataType) => boolean): string[] =>
    table.schema.fields.filter(({ name, type }) => !own.includes(name) && is(type as DataType)).map(({ name }) => name);
  const attributes = named(isTextList).map((name) => {
    const lists = readStringLists(columnOf(table, name));
    return [name, rows.map((row) => lists[row]!)] as const;
  });
  const numbers = named((type) => DataType.isFloat(type)).map((name) => {
    const values = readNumbers(columnOf(table, name), new Float32Array(table.numRows));
    return [name, Float32Array.from(rows, (row) => values[row]!)] as const;
  });
  const counts = named((type) => DataType.isInt(type)).includes(TRAIN_COUNT)
    ? readNumbers(columnOf(table, TRAIN_COUNT), new Uint32Array(table.numRows))
    : undefined;
  return {
    attributes: Object.fromEntries(attributes),
    ...(numbers.length === 0 ? {} : { numbers: Object.fromEntries(numbers) }),
    ...(counts === undefined ? {} : { trainCount: Uint32Array.from(rows, (row) => counts[row]!) }),
  };
}

function isTextList(type: DataType): boolean {
  return (DataType.isList(type) || DataType.isLargeList(type)) && isText(type.valueType as DataType);
}

function isText(type: DataType): boolean {
  if (DataType.isDictionary(type)) return isText(type.dictionary as DataType);
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}
