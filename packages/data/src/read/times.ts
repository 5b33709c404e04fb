/** What a number that stands for a time counts since 1970; `auto` tells it by its size. Times written as text need no unit. */
export type TimeUnit = 'auto' | 's' | 'ms';

/** Milliseconds outside which a time is taken for damage: nothing that is read here is older, or from the future. */
export const TIME_RANGE = [Date.UTC(1990), Date.UTC(2100)] as const;
const [FIRST, LAST] = TIME_RANGE;
/** Seconds reach this only in the year 5138, milliseconds reached it in 1973. */
const SECONDS_BELOW = 1e11;

const WRITTEN = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s?(Z|UTC|[+-]\d\d:?\d\d)?$/u;

/** What a time of {@link timeOfNumber} or {@link timeOfText} may be, for error messages. */
export function describeTimes(unit: TimeUnit): string {
  const number = unit === 'ms' ? 'milliseconds since 1970' : unit === 's' ? 'seconds since 1970' : 'seconds or milliseconds since 1970';
  return `${number}, or a date such as 2018-07-07 22:09:11, from 1990 to 2099`;
}

/** Milliseconds since 1970 (UTC) of a number; NaN where it is not between 1990 and 2099. */
export function timeOfNumber(value: number, unit: TimeUnit): number {
  const time = unit === 'ms' || (unit === 'auto' && value >= SECONDS_BELOW) ? value : value * 1000;
  return time >= FIRST && time < LAST ? time : NaN;
}

/** Milliseconds since 1970 of a number or a date as text (without a zone: UTC); NaN where it is none between 1990 and 2099. */
export function timeOfText(text: string, unit: TimeUnit): number {
  const trimmed = text.trim();
  if (/^\d+(?:\.\d+)?$/u.test(trimmed)) return timeOfNumber(Number(trimmed), unit);
  const match = WRITTEN.exec(trimmed);
  if (match === null) return NaN;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone = 'Z'] = match;
  const time = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(time);
  // Date.UTC carries over what is too large: 31 June is no date.
  const carried = date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day) || date.getUTCHours() !== Number(hour);
  if (carried || Number(minute) > 59 || Number(second) > 59) return NaN;
  const offset = /^([+-])(\d\d):?(\d\d)$/u.exec(zone);
  const minutes = offset === null ? 0 : (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
  return timeOfNumber(time + Math.floor(Number(`0.${fraction}`) * 1000) - minutes * 60_000, 'ms');
}
