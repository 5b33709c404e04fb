import { DataType, Type } from 'apache-arrow';
import { decimalOf } from './decimals.js';

/** Types whose values are plain as they come. */
const AS_IT_IS: ReadonlySet<Type> = new Set([
  Type.Null,
  Type.Bool,
  Type.Int,
  Type.Float,
  Type.Utf8,
  Type.LargeUtf8,
  Type.Utf8View,
  Type.Binary,
  Type.LargeBinary,
  Type.BinaryView,
  Type.FixedSizeBinary,
]);

/**
 * What turns a value of a column, as apache-arrow gives it, into a plain one: number, bigint, truth value, text, bytes, date, list.
 * Undefined for types that are none of these: structs, maps, unions, times of day, durations.
 */
export function plainArrow(type: DataType): ((value: unknown) => unknown) | undefined {
  const plain = ofType(type);
  return plain && ((value) => (value === null || value === undefined ? null : plain(value)));
}

function ofType(type: DataType): ((value: unknown) => unknown) | undefined {
  if (DataType.isDictionary(type)) return ofType(type.dictionary as DataType);
  if (DataType.isDecimal(type)) return (value) => decimalOf(digitsOf(value as Uint32Array), type.scale);
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return (value) => new Date(Number(value));
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isFixedSizeList(type)) {
    const plain = plainArrow(type.children[0]!.type as DataType);
    return plain && ((value) => Array.from(value as Iterable<unknown>, plain));
  }
  return AS_IT_IS.has(type.typeId) ? (value) => value : undefined;
}

/** A whole number from its words, the lowest first, in two's complement. */
function digitsOf(words: Uint32Array): bigint {
  let bits = 0n;
  for (let i = words.length - 1; i >= 0; i -= 1) bits = (bits << 32n) | BigInt(words[i]!);
  return BigInt.asIntN(32 * words.length, bits);
}
