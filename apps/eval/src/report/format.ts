import type { Interval } from '../figures/interval.js';

const minus = '\u2212';

/** A number with a fixed count of decimals and a real minus sign; a dash for what is undefined. */
export function fixed(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined) return '–';
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `${minus}${text}` : text;
}

/** As {@link fixed}, with a plus sign before what is positive. */
export function signed(value: number | null | undefined, digits = 3): string {
  const text = fixed(value, digits);
  return value !== null && value !== undefined && value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** `[low, high]`. */
export function intervalText(interval: Interval | null | undefined, format: (value: number) => string = (value) => fixed(value)): string {
  return interval === null || interval === undefined ? 'no interval' : `[${format(interval[0])}, ${format(interval[1])}]`;
}

/** A share in percent. */
export function percent(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined ? '–' : `${fixed(100 * value, digits)} %`;
}

/** A share in percent with its sign. */
export function signedPercent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? '–' : `${signed(100 * value, digits)} %`;
}

/** A count with thin spaces between thousands. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/gu, '\u202f');
}

/** Seconds as people read them. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
