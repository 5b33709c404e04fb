import { isUtf8 } from 'node:buffer';

const ZERO = 0x30;
const DOT = 0x2e;

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

/** A field as text, doubled quotes undone; undefined where its bytes are not in the encoding, or hold a NUL. */
export function textOf(bytes: Buffer, start: number, end: number, quoted: boolean, encoding: 'utf-8' | 'latin1'): string | undefined {
  const field = bytes.subarray(start, end);
  if ((encoding === 'utf-8' && !isUtf8(field)) || field.includes(0)) return undefined;
  const text = field.toString(encoding);
  return quoted && text.includes('""') ? text.replaceAll('""', '"') : text;
}
