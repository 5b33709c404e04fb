import { Type } from 'apache-arrow';
import { ArrowDamage, UnreadColumn } from './damage.js';
import type { FlatTable } from './flatbuffer.js';

/** What of a column's type decides which buffers it has. */
export interface ColumnType {
  /** The column, with those that it is part of. */
  readonly name: string;
  readonly kind: Type;
  /** Bits of one value, where all are as wide. */
  readonly bits: number;
  /** Values of one list, where all are as long. */
  readonly listSize: number;
  /** A union whose members keep their own count. */
  readonly dense: boolean;
  readonly children: readonly ColumnType[];
  /** Where values are numbers into a dictionary: its id, and the width of these numbers. */
  readonly dictionary: { readonly id: number; readonly bits: number } | undefined;
}

const [FIXED, EITHER] = ['fixed', 'either'] as const;
/** How many bits a value has: a number, `fixed` by a field of the type (at which place, in which unit), or one of two. */
const WIDTHS: Readonly<
  Partial<Record<Type, number | readonly [typeof FIXED, number, number, number] | readonly [typeof EITHER, readonly number[], number]>>
> = {
  [Type.Int]: [FIXED, 0, 1, 0],
  [Type.Float]: [EITHER, [16, 32, 64], 0],
  [Type.Bool]: 1,
  [Type.Decimal]: [FIXED, 2, 1, 128],
  [Type.Date]: [EITHER, [32, 64], 1],
  [Type.Time]: [FIXED, 1, 1, 32],
  [Type.Timestamp]: 64,
  [Type.Interval]: [EITHER, [32, 64, 128], 0],
  [Type.Duration]: 64,
  [Type.FixedSizeBinary]: [FIXED, 0, 8, 0],
};

/** Those that apache-arrow reads; its other numbers are forms of these in memory. */
const KNOWN: ReadonlySet<Type> = new Set(Array.from({ length: 24 }, (_, at) => (at + 1) as Type));

/** Names of the types that apache-arrow does not read. */
const UNREAD: Readonly<Record<number, string>> = { 22: 'RunEndEncoded', 25: 'ListView', 26: 'LargeListView' };

/** The columns of a schema. @throws ArrowDamage */
export function columnTypes(schema: FlatTable): ColumnType[] {
  if (schema.integer(0, 2, 0) !== 0) throw new ArrowDamage('its numbers are big-endian', 'a little-endian file');
  checkMetadata(schema, 2);
  return schema.tables(1).map((field) => columnType(field, ''));
}

function columnType(field: FlatTable, parent: string): ColumnType {
  const name = `${parent === '' ? '' : `${parent}.`}${field.text(0) ?? ''}`;
  const kind = field.integer(2, 1, 0) as Type;
  const unread = UNREAD[kind];
  if (unread !== undefined) throw new UnreadColumn(name, unread);
  const type = field.table(3);
  if (!KNOWN.has(kind) || type === undefined) throw new ArrowDamage(`the column ${name} has no type`, 'a type that Arrow defines');
  checkMetadata(field, 6);
  const children = field.tables(5).map((child) => columnType(child, name));
  const bits = widthOf(kind, type, name);
  const listSize = kind === Type.FixedSizeList ? type.integer(0, 4, 0) : 0;
  if (listSize < 0) throw new ArrowDamage(`the column ${name} has lists of ${listSize} values`, 'a length of 0 or more');
  const wanted = [Type.List, Type.LargeList, Type.FixedSizeList, Type.Map].includes(kind) ? 1 : undefined;
  if (wanted !== undefined && children.length !== wanted) {
    throw new ArrowDamage(`the column ${name} has ${children.length} columns of values`, 'one, for it is a list');
  }
  if (kind === Type.Union) type.listLength(1, 4); // ids of the members
  return {
    name,
    kind,
    bits,
    listSize,
    dense: kind === Type.Union && type.integer(0, 2, 0) === 1,
    children,
    dictionary: dictionaryOf(field, name),
  };
}

function dictionaryOf(field: FlatTable, name: string): ColumnType['dictionary'] {
  const encoding = field.table(4);
  if (encoding === undefined) return undefined;
  const index = encoding.table(1);
  return { id: encoding.size(0), bits: index === undefined ? 32 : checkedBits(index.integer(0, 4, 0), name, [8, 16, 32, 64]) };
}

function widthOf(kind: Type, type: FlatTable, name: string): number {
  const width = WIDTHS[kind];
  if (width === undefined) return 0;
  if (typeof width === 'number') return width;
  if (width[0] === EITHER) {
    const [, choices, absent] = width;
    const chosen = choices[type.integer(0, 2, absent)];
    if (chosen !== undefined) return chosen;
    throw new ArrowDamage(`the column ${name} has a unit or precision that there is not`, 'one that Arrow defines');
  }
  const [, field, unit, absent] = width;
  const size = type.integer(field, 4, absent);
  if (kind === Type.FixedSizeBinary) {
    if (size >= 0) return size * unit;
    throw new ArrowDamage(`the column ${name} has values of ${size} bytes`, 'a width of 0 or more');
  }
  return checkedBits(size, name, kind === Type.Decimal ? [32, 64, 128, 256] : [8, 16, 32, 64]);
}

function checkedBits(bits: number, name: string, choices: readonly number[]): number {
  if (choices.includes(bits)) return bits;
  throw new ArrowDamage(`the column ${name} has numbers of ${bits} bits`, `${choices.join(', ')} bits`);
}

/** Reads keys and values of metadata once: they must lie within the bytes. */
export function checkMetadata(table: FlatTable, field: number): void {
  for (const pair of table.tables(field)) {
    pair.text(0);
    pair.text(1);
  }
}
