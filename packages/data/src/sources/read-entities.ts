import type { FileReport, UnreadNumbers } from '../read/file-report.js';
import type { RowRecord } from '../read/records.js';
import type { EntityFormat } from './formats.js';
import { createNumberColumn } from './number-column.js';
import type { LoadOptions, RawItems, RawUsers } from './raw-tables.js';
import { readRecords } from './read-ratings.js';
import type { Recognized } from './recognize.js';

interface Entities extends RawItems {
  readonly file: FileReport;
}

async function readEntities({ candidate, format, form }: Recognized<EntityFormat>, options: LoadOptions): Promise<Entities> {
  const [itemIds, title, year]: [string[], string[], number[]] = [[], [], []];
  const attributes = Object.fromEntries(format.attributes.map((name) => [name, [] as (readonly string[])[]]));
  const numbers = Object.fromEntries((format.numbers ?? []).map((name) => [name, createNumberColumn()]));
  const file = await readRecords(candidate, form, {
    name: candidate.name,
    example: format.example,
    onBadRow: options.onBadRow,
    onTruncated: options.truncated ?? 'fail',
    columns: format.columns,
    record(record: RowRecord) {
      const row = format.row(record);
      if (typeof row === 'string' || 'what' in row) return row;
      itemIds.push(row.id);
      title.push(row.title ?? row.id);
      year.push(row.year ?? NaN);
      for (const [name, lists] of Object.entries(attributes)) lists.push(row.attributes[name] ?? []);
      for (const [name, values] of Object.entries(numbers)) values.push(row.numbers?.[name]);
      return undefined;
    },
  });
  const columns: Record<string, Float32Array> = {};
  const numbersUnread: Record<string, UnreadNumbers> = {};
  for (const [name, column] of Object.entries(numbers)) {
    const { values, unread } = column.finish();
    columns[name] = values;
    if (unread.count > 0) numbersUnread[name] = unread;
  }
  return {
    itemIds,
    title,
    attributes,
    ...(format.numbers ? { numbers: columns } : {}),
    year: Float32Array.from(year),
    file: Object.keys(numbersUnread).length === 0 ? file : { ...file, numbersUnread },
  };
}

/** Reads a file of items. */
export async function readItems(file: Recognized<EntityFormat>, options: LoadOptions): Promise<{ items: RawItems; file: FileReport }> {
  const { file: report, ...items } = await readEntities(file, options);
  return { items, file: report };
}

/** Reads a file of users. */
export async function readUsers(file: Recognized<EntityFormat>, options: LoadOptions): Promise<{ users: RawUsers; file: FileReport }> {
  const { file: report, itemIds, attributes, numbers } = await readEntities(file, options);
  return { users: { userIds: itemIds, attributes, ...(numbers ? { numbers } : {}) }, file: report };
}
