import { DataType } from 'apache-arrow';
import { decimalOf } from './decimals.js';

/** What turns a value of a column, as apache-arrow gives it, into a plain one: number, bigint, text, date, list. */
export function plainArrow(type: DataType): (value: unknown) => unknown {
  const plain = ofType(type);
  return (value) => (value === null || value === undefined ? null : plain(value));
}

function ofType(type: DataType): (value: unknown) => unknown {
  if (DataType.isDecimal(type)) return (value) => decimalOf(digitsOf(value as Uint32Array), type.scale);
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return (value) => new Date(Number(value));
  if (DataType.isList(type)) return (value) => Array.from(value as Iterable<unknown>, plainArrow(type.valueType as DataType));
  return (value) => value;
}

/** A whole number from its words, the lowest first, in two's complement. */
function digitsOf(words: Uint32Array): bigint {
  let bits = 0n;
  for (let i = words.length - 1; i >= 0; i -= 1) bits = (bits << 32n) | BigInt(words[i]!);
  return BigInt.asIntN(32 * words.length, bits);
}
