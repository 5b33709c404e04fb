import { createInterner, growingColumn, type Interner } from '../read/columns.js';
import type { Encoding } from '../read/field-values.js';
import { timeOfNumber, timeOfText, describeTimes, type TimeUnit } from '../read/times.js';
import type { RatingColumns } from './formats.js';
import type { RatingKind, RawRatings } from './raw-tables.js';

/** Ratings in columns that grow. */
export interface RatingsBuilder {
  readonly users: Interner;
  readonly items: Interner;
  /** Adds a row: codes of the interners, and milliseconds since 1970. */
  push(user: number, item: number, rating: number, time: number): void;
  /** The ratings; nothing may be added afterwards. */
  finish(): RawRatings;
}

/** An empty set of ratings with the columns that a format has. */
export function createRatings(columns: RatingColumns, encoding: Encoding): RatingsBuilder {
  const [users, items] = [createInterner(encoding), createInterner(encoding)];
  const user = growingColumn(Int32Array);
  const item = growingColumn(Int32Array);
  const rating = growingColumn(Float32Array);
  const timestamp = growingColumn(Float64Array);
  const timed = columns.time !== undefined;
  return {
    users,
    items,
    push(userCode, itemCode, value, time) {
      user.push(userCode);
      item.push(itemCode);
      rating.push(value);
      if (timed) timestamp.push(time);
    },
    finish: () => ({
      length: user.length,
      user: user.finish(),
      item: item.finish(),
      userIds: users.values,
      itemIds: items.values,
      rating: rating.finish(),
      ...(timed ? { timestamp: timestamp.finish() } : {}),
      kind: kindOf(columns),
    }),
  };
}

function kindOf({ rating, click }: RatingColumns): RatingKind {
  return rating !== undefined ? 'rating' : click !== undefined ? 'click' : 'implicit';
}

const CLICKS: Readonly<Record<string, number>> = { 0: 0, 1: 1, '0.0': 0, '1.0': 1, false: 0, true: 1 };
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/u;

/** A click as a number, from text or a value; NaN where it is none. */
export function clickOf(value: unknown): number {
  return CLICKS[String(value).trim().toLowerCase()] ?? NaN;
}

/** A number, from text or a value; NaN where it is none (and for numbers with a comma). */
export function numberOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : NaN;
}

/** Whether a rating is finite and within its bounds, all rounded to float32, which ratings are kept in: a file may hold 4.1 as 4.0999999 already. */
export function isWithin(rating: number, { low, high }: { readonly low: number; readonly high: number }): boolean {
  const kept = Math.fround(rating);
  return Number.isFinite(kept) && kept >= Math.fround(low) && kept <= Math.fround(high);
}

/** A time in milliseconds, from text, a number or a date; NaN where it is none. */
export function timeOf(value: unknown, unit: TimeUnit): number {
  if (value instanceof Date) return timeOfNumber(value.getTime(), 'ms');
  if (typeof value === 'number' || typeof value === 'bigint') return timeOfNumber(Number(value), unit);
  return typeof value === 'string' ? timeOfText(value, unit) : NaN;
}

/** What ratings and times should be, for error messages. */
export function expectations({ rating, time }: RatingColumns): { rating: string; time: string } {
  const [low, high] = [rating?.low ?? -Infinity, rating?.high ?? Infinity];
  const range = Number.isFinite(low)
    ? ` from ${low}${Number.isFinite(high) ? ` to ${high}` : ''}`
    : Number.isFinite(high)
      ? ` up to ${high}`
      : '';
  return { rating: `a number${range}, with a point, not a comma, for decimals`, time: describeTimes(time?.unit ?? 'auto') };
}
