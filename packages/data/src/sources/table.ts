import { DataOptionError } from '../errors.js';
import { CSV, type Dialect } from '../read/fields.js';
import type { RecordProblem, RowRecord } from '../read/records.js';
import { listCandidates } from './candidates.js';
import { cellId, cellList, cellText, holdsObject, problem, webText } from './cells.js';
import { columnsInWords, SEPARATORS } from './columns-of.js';
import { loadFormats } from './format-source.js';
import type { EntityFormat, FileFormat, Mark, RatingsFormat } from './formats.js';
import type { z } from 'zod';
import { tableOptions, type TableOptions } from './options.js';
import type { DatasetSource, RawTables } from './raw-tables.js';

const NEVER = /$^/u;

type Mapping = TableOptions & { readonly user: string; readonly item: string };

function mark(
  columns: readonly string[],
  { delimiter, encoding }: TableOptions,
  more: { without?: string[]; columns?: readonly string[] } = {},
): Mark {
  const separators = delimiter === null ? SEPARATORS : [delimiter.replace('\\t', '\t')];
  const dialects = separators.map((separator): Dialect => ({ ...CSV, separator, quotedLineBreaks: true }));
  return { table: columns, dialects, encoding, columns: more.columns ?? [], without: more.without ?? [] };
}

function ratingsFormat(table: Mapping): RatingsFormat {
  const { user, item, rating, click, time, minRating, maxRating, timeUnit } = table;
  const columns = [user, item, rating, click, time].filter((name) => name !== null);
  const example: Record<string, unknown> = { [user]: 'u1', [item]: 'i7' };
  if (rating !== null) example[rating] = maxRating ?? 4.5;
  if (click !== null) example[click] = 1;
  if (time !== null) example[time] = 1260759144;
  return {
    role: 'ratings',
    name: 'interactions',
    mark: mark(columns, table, { columns: table.columns }),
    usually: NEVER,
    example: Object.values(example).join(table.delimiter ?? ','),
    user: { column: user },
    item: { column: item },
    ...(rating === null ? {} : { rating: { column: rating, low: minRating ?? -Infinity, high: maxRating ?? Infinity } }),
    ...(click === null ? {} : { click: { column: click } }),
    ...(time === null ? {} : { time: { column: time, unit: timeUnit } }),
  };
}

/** Items or users, from a file of their own or from the interactions, whose first row of each counts. */
function entityFormats(
  role: 'items' | 'users',
  id: string,
  other: string,
  read: Omit<EntityFormat, 'role' | 'name' | 'mark' | 'usually' | 'row'>,
  row: EntityFormat['row'],
  table: Mapping,
): EntityFormat[] {
  const base = { ...read, role, usually: NEVER };
  const seen = new Set<string>();
  const first = (record: RowRecord): ReturnType<EntityFormat['row']> => {
    const key = cellId(record[id], id);
    if (typeof key !== 'string') return key;
    if (seen.has(key)) return `described-before`;
    seen.add(key);
    return row(record);
  };
  return [
    { ...base, name: role, mark: mark(read.columns, table, { without: [other] }), row },
    {
      ...base,
      name: `${role} in the interactions`,
      mark: mark(read.columns, table, { columns: table.columns }),
      row: first,
      fallback: true,
    },
  ];
}

function itemFormats(table: Mapping): EntityFormat[] {
  const { user, item, texts, features, numbers, listSeparator } = table;
  const [title, ...furtherTexts] = texts;
  const columns = [item, ...texts, ...features, ...numbers];
  if (columns.length === 1) return [];
  const attributes = [...furtherTexts, ...features];
  const row = (record: RowRecord): ReturnType<EntityFormat['row']> => {
    const id = cellId(record[item], item);
    if (typeof id !== 'string') return id;
    const wrong = objectIn(record, [...texts, ...features]);
    if (wrong !== undefined) return wrong;
    return {
      id,
      title: (title === undefined ? '' : webText(cellText(record[title]))) || id,
      attributes: { ...lists(record, furtherTexts, undefined), ...lists(record, features, listSeparator) },
      numbers: values(record, numbers),
    };
  };
  return entityFormats('items', item, user, { columns, attributes, numbers, example: `i7,${columns.slice(1).join(',')}` }, row, table);
}

function userFormats(table: Mapping): EntityFormat[] {
  const { user, item, userFeatures, userNumbers, listSeparator } = table;
  const columns = [user, ...userFeatures, ...userNumbers];
  if (columns.length === 1) return [];
  const row = (record: RowRecord): ReturnType<EntityFormat['row']> => {
    const id = cellId(record[user], user);
    if (typeof id !== 'string') return id;
    const wrong = objectIn(record, userFeatures);
    if (wrong !== undefined) return wrong;
    return { id, attributes: lists(record, userFeatures, listSeparator), numbers: values(record, userNumbers) };
  };
  const example = `u1,${columns.slice(1).join(',')}`;
  return entityFormats('users', user, item, { columns, attributes: userFeatures, numbers: userNumbers, example }, row, table);
}

function objectIn(record: RowRecord, columns: readonly string[]): RecordProblem | undefined {
  const column = columns.find((name) => holdsObject(record[name]));
  return column === undefined ? undefined : problem(column, 'this is an object', 'a text, a number, or a list of them');
}

const lists = (record: RowRecord, names: readonly string[], separator: string | undefined): Record<string, string[]> =>
  Object.fromEntries(names.map((name) => [name, cellList(record[name], Array.isArray(record[name]) ? undefined : separator)]));

const values = (record: RowRecord, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, record[name]]));

async function mappingOf(table: TableOptions, dataDir: string): Promise<Mapping> {
  const { user, item, rating, click } = table;
  if (user !== null && item !== null && (rating === null || click === null)) return { ...table, user, item };
  const both = user !== null && item !== null;
  throw new DataOptionError('DATA_TABLE', both ? 'there is a rating and a click' : 'it is not said which column is what', {
    where: both ? 'data.table' : user === null ? 'data.table.user' : 'data.table.item',
    expected: both
      ? 'one of data.table.rating and data.table.click'
      : `the names of columns; ${(await listCandidates(dataDir))
          .map(columnsInWords)
          .filter((text) => text !== '')
          .join('; ')}`,
    remedy:
      'set them with --set data.table.user=COLUMN --set data.table.item=COLUMN and --set data.table.rating=COLUMN or data.table.click=COLUMN',
  });
}

/** Any table of interactions: CSV, JSON lines, Parquet, Arrow, or a lake of Parquet files, with the columns that `data.table` names. */
export const table: DatasetSource<z.output<typeof tableOptions>> = {
  name: 'table',
  description: 'any CSV, JSON lines, Parquet or Arrow; data.table says which column is what',
  options: tableOptions,
  async load({ options = tableOptions.parse({}), ...request }): Promise<RawTables> {
    const mapping = await mappingOf(options.table, request.dataDir);
    const [items, users] = [itemFormats(mapping), userFormats(mapping)];
    const formats: FileFormat[] = [ratingsFormat(mapping), ...items, ...users];
    const required = (['ratings', 'items', 'users'] as const).filter((role) => formats.some((format) => format.role === role));
    return loadFormats({ formats, required, ...(mapping.click === null ? {} : { label: { threshold: 1 } }) }, request);
  },
};
