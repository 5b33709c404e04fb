import { Type } from 'apache-arrow';
import { ArrowDamage } from './damage.js';
import type { FlatTable } from './flatbuffer.js';
import type { ColumnType } from './types.js';

/** Rows that need no bytes (all null, lists of length 0) may be as many as this, or as bits in the batch's body. */
const ROWS_WITHOUT_BYTES = 1 << 16;

const OFFSET_BYTES: Readonly<Partial<Record<Type, number>>> = {
  [Type.Utf8]: 4,
  [Type.Binary]: 4,
  [Type.List]: 4,
  [Type.Map]: 4,
  [Type.LargeUtf8]: 8,
  [Type.LargeBinary]: 8,
  [Type.LargeList]: 8,
};
const WITH_DATA: ReadonlySet<Type> = new Set([Type.Utf8, Type.Binary, Type.LargeUtf8, Type.LargeBinary]);
const VIEW_BYTES = 16;

/**
 * Checks the header of a record batch against its columns and the length of its body: every column has its buffers, they lie within
 * the body, and they are as long as its rows need.
 * @throws ArrowDamage
 */
export function checkBatchLayout(batch: FlatTable, columns: readonly ColumnType[], bodyBytes: number, version: number): void {
  const rows = batch.size(0);
  const nodes = batch.structs(1, 2);
  const buffers = batch.structs(2, 2);
  const views = batch.structs(4, 1);
  const compressed = batch.table(3) !== undefined; // lengths are then those of packed bytes
  const most = Math.max(ROWS_WITHOUT_BYTES, compressed ? Number.MAX_SAFE_INTEGER : 8 * bodyBytes);
  let [node, buffer, view] = [0, 0, 0];

  const lengthOf = ({ name }: ColumnType, least: number): number => {
    if (node >= nodes.length) throw new ArrowDamage(`a record batch lacks the column ${name}`, 'all columns of the schema');
    const [length, nulls] = [nodes.size(node, 0), nodes.size(node, 1)];
    node += 1;
    if (length < least || length > most) {
      const expected = length < least ? `at least ${least}, as its batch has` : `at most ${most} in ${bodyBytes} bytes`;
      throw new ArrowDamage(`the column ${name} has ${length} values`, expected);
    }
    if (nulls > length) throw new ArrowDamage(`the column ${name} has ${nulls} nulls in ${length} values`, 'no more nulls than values');
    return length;
  };
  const take = ({ name }: ColumnType, what: string, bytes: number, mayBeAbsent = false): void => {
    if (buffer >= buffers.length)
      throw new ArrowDamage(`a record batch lacks the ${what} of the column ${name}`, 'all buffers of its columns');
    const [offset, length] = [buffers.size(buffer, 0), buffers.size(buffer, 1)];
    buffer += 1;
    if (offset + length > bodyBytes) {
      throw new ArrowDamage(
        `the ${what} of the column ${name} end at byte ${offset + length}`,
        `an end within the batch's ${bodyBytes} bytes`,
      );
    }
    if (compressed || length >= bytes || (mayBeAbsent && length === 0)) return;
    throw new ArrowDamage(`the ${what} of the column ${name} have ${length} bytes`, `at least ${bytes} for its values`);
  };

  function check(column: ColumnType, least: number): void {
    const nulls = node < nodes.length ? nodes.size(node, 1) : 0;
    const length = lengthOf(column, least);
    const bytes = (bits: number): number => Math.ceil((length * bits) / 8);
    if (column.dictionary === undefined && column.kind === Type.Null) return;
    if (column.dictionary !== undefined || column.kind !== Type.Union || version < 4) take(column, 'marks of nulls', bytes(1), nulls === 0);
    if (column.dictionary !== undefined) return take(column, 'numbers of the dictionary', bytes(column.dictionary.bits));
    const offsets = OFFSET_BYTES[column.kind];
    if (offsets !== undefined) {
      take(column, 'offsets', length === 0 ? 0 : (length + 1) * offsets);
      if (WITH_DATA.has(column.kind)) take(column, 'values', 0);
    } else if (column.kind === Type.Utf8View || column.kind === Type.BinaryView) {
      take(column, 'views', length * VIEW_BYTES);
      const count = view < views.length ? views.size(view, 0) : 0;
      view += 1;
      for (let at = 0; at < count; at += 1) take(column, 'values', 0);
    } else if (column.kind === Type.Union) {
      take(column, 'ids of members', length);
      if (column.dense) take(column, 'offsets', 4 * length);
    } else if (column.bits > 0 || column.kind === Type.FixedSizeBinary) {
      take(column, 'values', bytes(column.bits));
    }
    const within = column.kind === Type.Struct || (column.kind === Type.Union && !column.dense) ? length : length * column.listSize;
    for (const child of column.children) check(child, within);
  }
  if (rows > most) throw new ArrowDamage(`a record batch has ${rows} rows`, `at most ${most} in ${bodyBytes} bytes`);
  for (const column of columns) check(column, rows);
}
