import { ExpctrError } from './errors.js';
import { nearestName } from './nearest-name.js';

/** Every key of an options type, once: leave one out and it does not compile. */
export type OptionKeys<T extends object> = { readonly [K in keyof Required<T>]: true };

/** The options of a function are no object, or have a key that it does not know. */
export class OptionsError extends ExpctrError {}

/**
 * Refuses what the compiler refuses, for callers in plain JavaScript: an option that is not there is a mistake, and going on without it
 * would silently do something else than was asked for.
 *
 * @param where the function, as its caller writes it
 * @throws OptionsError `OPTIONS_NOT_OBJECT`; `OPTIONS_UNKNOWN` with the nearest name; both are wrong use
 */
export function checkOptions<T extends object>(where: string, options: T, keys: OptionKeys<T>): void {
  const known = Object.keys(keys);
  const expected = known.length === 0 ? 'no option' : `an object with any of ${known.join(', ')}`;
  const given: unknown = options;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const what = given === null ? 'null' : Array.isArray(given) ? 'a list' : given === undefined ? 'missing' : `a ${typeof given}`;
    throw new OptionsError('OPTIONS_NOT_OBJECT', `its options are ${what}`, { where, expected, wrongUse: true });
  }
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(keys, key));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  throw new OptionsError('OPTIONS_UNKNOWN', `there is no option '${unknown}'`, {
    where,
    expected: known.length === 0 ? expected : `one of ${known.join(', ')}`,
    remedy: near === undefined ? 'leave it out' : `write ${near}, or leave it out`,
    wrongUse: true,
  });
}
