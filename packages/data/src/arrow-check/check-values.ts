import { DataType, Type, type Data, type RecordBatch, type Vector } from 'apache-arrow';
import { ArrowDamage } from './damage.js';

const CHECKED = new WeakSet<Data<DataType>>();

/**
 * Checks what a loaded record batch refers to: offsets rise and end within the values, numbers of dictionaries and members of
 * unions exist. Else a text would be another one without a word, and a list could have billions of values. One pass over offsets
 * and numbers; the values themselves are not looked at.
 * @throws ArrowDamage
 */
export function checkValues(batch: RecordBatch): void {
  for (const [at, field] of batch.schema.fields.entries()) checkData(batch.data.children[at], field.name);
}

function checkData(data: Data | undefined, name: string): void {
  if (data === undefined) throw new ArrowDamage(`the column ${name} is missing`, 'all columns of the schema');
  const { type } = data;
  if (DataType.isDictionary(type)) return checkNumbers(data, name);
  if (DataType.isUnion(type)) checkMembers(data, name);
  else if (DataType.isUtf8View(type) || DataType.isBinaryView(type)) checkViews(data, name);
  else if (WITH_OFFSETS.has(type.typeId)) {
    const child = data.children[0];
    checkOffsets(data, child === undefined ? (data.values as Uint8Array).length : child.length, name);
  }
  for (const child of data.children) checkData(child, name);
}

const WITH_OFFSETS: ReadonlySet<Type> = new Set([
  Type.Utf8,
  Type.Binary,
  Type.LargeUtf8,
  Type.LargeBinary,
  Type.List,
  Type.LargeList,
  Type.Map,
]);

function checkOffsets(data: Data, values: number, name: string): void {
  if (data.length === 0) return;
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  let before: number | bigint = 0;
  for (let at = 0; at <= data.length; at += 1) {
    const offset: number | bigint = offsets[at] ?? -1;
    if (offset < before) throw new ArrowDamage(`the offsets of the column ${name} fall from ${before} to ${offset}`, 'offsets that rise');
    before = offset;
  }
  if (before > values) throw new ArrowDamage(`the offsets of the column ${name} end at ${before}`, `an end within its ${values} values`);
}

function checkNumbers(data: Data, name: string): void {
  const dictionary: Vector | undefined = data.dictionary;
  const numbers = data.values as ArrayLike<number | bigint>;
  const size = dictionary?.length ?? 0;
  for (let at = 0; at < data.length; at += 1) {
    const number = numbers[at] ?? -1;
    if ((number < 0 || number >= size) && data.getValid(at)) {
      throw new ArrowDamage(`the column ${name} names the value ${number} of its dictionary`, `one of its ${size}`);
    }
  }
  for (const part of (dictionary?.data ?? []) as readonly Data<DataType>[]) {
    if (CHECKED.has(part)) continue; // batches share their dictionaries
    checkData(part, name);
    CHECKED.add(part);
  }
}

function checkMembers(data: Data, name: string): void {
  const { mode, typeIdToChildIndex } = data.type as unknown as { mode: number; typeIdToChildIndex: Readonly<Record<number, number>> };
  const ids = data.typeIds as Int8Array;
  for (let at = 0; at < data.length; at += 1) {
    const child = data.children[typeIdToChildIndex[ids[at]!] ?? -1];
    const place = mode === 1 ? ((data.valueOffsets as Int32Array)[at] ?? -1) : at;
    if (child !== undefined && place >= 0 && place < child.length) continue;
    throw new ArrowDamage(`the column ${name} names a value of a member that there is not`, 'one of its members');
  }
}

function checkViews(data: Data, name: string): void {
  const inlined = 12;
  const views = data.values as Uint8Array;
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const buffers = data.variadicBuffers;
  for (let at = 0; at < data.length; at += 1) {
    const length = view.getInt32(16 * at, true);
    if (!data.getValid(at) || (length >= 0 && length <= inlined)) continue;
    const buffer = buffers[view.getInt32(16 * at + 8, true)];
    const offset = view.getInt32(16 * at + 12, true);
    if (length >= 0 && buffer !== undefined && offset >= 0 && offset + length <= buffer.length) continue;
    throw new ArrowDamage(`the column ${name} names bytes that there are not`, 'texts within its buffers');
  }
}
