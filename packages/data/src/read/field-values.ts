import { isUtf8 } from 'node:buffer';
import { unescaped, type Dialect } from './fields.js';

const ZERO = 0x30;
const DOT = 0x2e;

/** How a text file writes its characters; `either` = UTF-8 where a field is valid UTF-8, else Latin-1. */
export type Encoding = 'utf-8' | 'latin1' | 'either';

/** A decimal number without sign and exponent (`4`, `3.5`), exact; NaN where the field is anything else. At most 15 digits. */
export function decimalOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let scale = 0;
  if (end - start > 16 || start === end) return NaN;
  for (let i = start; i < end; i += 1) {
    const digit = bytes[i]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      scale *= 10;
    } else if (bytes[i] === DOT && scale === 0 && i > start && i + 1 < end) scale = 1;
    else return NaN;
  }
  return scale === 0 ? value : value / scale;
}

/** A whole number without sign; NaN where the field is anything else. At most 15 digits. */
export function integerOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  if (end - start > 15 || start === end) return NaN;
  for (let i = start; i < end; i += 1) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Bytes as text; undefined where they are not in the encoding, or hold a NUL. */
export function decodeText(bytes: Buffer, encoding: Encoding): string | undefined {
  if (bytes.includes(0)) return undefined;
  if (encoding === 'latin1') return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : encoding === 'either' ? bytes.toString('latin1') : undefined;
}

/** A field as text, its escapes undone; undefined where its bytes are not in the encoding, or hold a NUL. */
export function textOf(
  bytes: Buffer,
  start: number,
  end: number,
  quoted: boolean,
  encoding: Encoding,
  dialect: Dialect,
): string | undefined {
  return decodeText(quoted ? unescaped(bytes, start, end, dialect) : bytes.subarray(start, end), encoding);
}
