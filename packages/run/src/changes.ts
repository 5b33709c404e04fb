import { isDeepStrictEqual } from 'node:util';
import { isObject } from './json-lines.js';

/** An option that two configurations have different values for. */
export interface OptionChange {
  /** Its dotted path. */
  readonly path: string;
  /** Undefined where it was not there. */
  readonly before: unknown;
  /** Undefined where it is not there. */
  readonly now: unknown;
}

/** Where two configurations differ, option by option; lists count as one value. */
export function changesBetween(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  prefix = '',
): OptionChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [old, next] = [before[name], now[name]];
    if (isObject(old) && isObject(next)) return changesBetween(old, next, `${prefix}${name}.`);
    return isDeepStrictEqual(old, next) ? [] : [{ path: `${prefix}${name}`, before: old, now: next }];
  });
}
