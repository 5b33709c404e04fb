import type { UnreadNumbers } from '../read/file-report.js';

/** A column of numbers as a file writes them: cells are added, and become numbers when all are there. */
export interface NumberColumn {
  /** Adds a cell: a number, or text that may be one. */
  push(cell: unknown): void;
  /** The numbers, NaN where there is none, and the cells that hold something else. Nothing may be added afterwards. */
  finish(): { readonly values: Float32Array; readonly unread: UnreadNumbers };
}

const SHOWN = 3;
const SHOWN_CHARACTERS = 40;
const MISSING = /^(?:n\/?a|nan|null|none|unknown|[-–?])?$/iu;
/** A sign of a currency, alone or behind letters (US$), or its code of three letters (ISO 4217), before or behind the number. */
const PRICE = /^([+-]?)([A-Z]{0,3}\p{Sc}|[A-Z]{3})?\s*([+-]?)(\d(?:.*\d)?\.?|\.\d+)\s*([A-Z]{0,3}\p{Sc}|[A-Z]{3})?$/u;
const CURRENCY_CODES = new Set(Intl.supportedValuesOf('currency'));
const PLAIN = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/u;
/** Digits in groups that are set apart by a blank or an apostrophe, which no decimals are. */
const APART = /^\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?=[.,]\d+$|$)/u;
/** Digits in groups (those of India have two digits, but for the last). */
const POINT_DECIMALS = /^\d{1,3}(?:(?:,\d{2,3})*,\d{3}\.\d+|(?:,\d{2,3})+,\d{3})$/u;
const COMMA_DECIMALS = /^(?:\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})|\d+,(?:\d{1,2}|\d{4,})|(?:0|\d{4,}),\d{3})$/u;
/** One mark before three digits: decimals, or a thousand. */
const EITHER = /^[1-9]\d{0,2}([.,])\d{3}$/u;

const withPoint = (text: string): number => Number(text.replaceAll(',', ''));
const withComma = (text: string): number => Number(text.replaceAll('.', '').replace(',', '.'));

function shown(cell: unknown): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number' || typeof cell === 'bigint') return String(cell);
  return JSON.stringify(cell, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}

/**
 * An empty column. Text may have a sign, a currency, groups of digits ("$1,299.00", "1.299,00 €", "1 299") and a comma for decimals
 * ("129,99"). What "1,299" and "1.299" mean is decided by the column's other cells; where they leave it open, a point stands before
 * decimals, and a comma is not read: either guess could be wrong by a factor of 1000. A second currency in a column is not read.
 */
export function createNumberColumn(): NumberColumn {
  const values: number[] = [];
  const first: string[] = [];
  let count = 0;
  const open: { readonly row: number; readonly text: string; readonly mark: string; readonly sign: number; readonly cell: unknown }[] = [];
  const decimals = { point: false, comma: false };
  let currency: string | undefined;

  const refuse = (cell: unknown): number => {
    count += 1;
    const characters = [...shown(cell)];
    if (first.length < SHOWN)
      first.push(characters.slice(0, SHOWN_CHARACTERS).join('') + (characters.length > SHOWN_CHARACTERS ? '…' : ''));
    return NaN;
  };
  const finite = (value: number, cell: unknown): number => (Number.isFinite(Math.fround(value)) ? value : refuse(cell));

  function ofText(cell: string): number {
    const [, before = '', left = '', behind = '', written = '', right = ''] = PRICE.exec(cell.trim()) ?? [];
    if (written === '' || (before !== '' && behind !== '') || (left !== '' && right !== '')) return refuse(cell);
    if (left + right !== '') {
      // Three letters may be a unit, and a second currency would need a rate.
      if (/^[A-Z]{3}$/u.test(left + right) && !CURRENCY_CODES.has(left + right)) return refuse(cell);
      currency ??= left + right;
      if (currency !== left + right) return refuse(cell);
    }
    const sign = before + behind === '-' ? -1 : 1;
    const text = written.replace(APART, (groups) => groups.replace(/\D/gu, ''));
    const mark = text === written ? EITHER.exec(text)?.[1] : undefined;
    if (mark !== undefined) {
      open.push({ row: values.length, text, mark, sign, cell });
      return NaN;
    }
    if (POINT_DECIMALS.test(text) || PLAIN.test(text)) {
      if (/[.,]/u.test(text)) decimals.point = true;
      return finite(sign * withPoint(text), cell);
    }
    // Behind groups that are set apart a comma stands before decimals, however many.
    if (!COMMA_DECIMALS.test(text) && !(text !== written && /^\d+,\d+$/u.test(text))) return refuse(cell);
    decimals.comma = true;
    return finite(sign * withComma(text), cell);
  }

  return {
    push(cell) {
      if (cell === null || cell === undefined || Number.isNaN(cell) || (typeof cell === 'string' && MISSING.test(cell.trim())))
        values.push(NaN);
      else if (typeof cell === 'number' || typeof cell === 'bigint') values.push(finite(Number(cell), cell));
      else values.push(typeof cell === 'string' ? ofText(cell) : refuse(cell));
    },
    finish() {
      const { point, comma } = decimals;
      for (const { row, text, mark, sign, cell } of open) {
        if (point && comma) refuse(cell);
        else if (comma) values[row] = sign * withComma(text);
        else if (point || mark === '.') values[row] = sign * withPoint(text);
        else refuse(cell);
      }
      return { values: Float32Array.from(values), unread: { count, first } };
    },
  };
}
