import { textBytes } from '../byte-text.js';
import { oneOf, Place, type Machine } from './place.js';

/** Digits before the point, and behind it: integers of so many digits are exact as numbers. */
const DIGITS = 15;

const is = (byte: number, letter: string): boolean => byte === letter.charCodeAt(0);
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Places by a number, each made once: where ways meet, their places are the same. */
function numbered(make: (at: number) => Place): (at: number) => Place {
  const known = new Map<number, Place>();
  return (at) => {
    const place = known.get(at) ?? make(at);
    known.set(at, place);
    return place;
  };
}

/** After a colon or a comma there may be a space. */
export const spaced: Machine = (then) => oneOf(['', ' '], then);

/** A JSON string of at most so many characters (code points). Escapes are the short ones; all other characters stand for themselves. */
export function stringMachine(maxLength: number): Machine {
  return (then) => oneOf(['"'], insideString(maxLength, then));
}

function insideString(maxLength: number, then: Place): Place {
  const within = { ends: false, inString: { maxLength, between: false } };
  const inside: Place = new Place({
    step(byte) {
      if (is(byte, '"')) return then;
      if (is(byte, '\\')) return escape;
      if (byte < 0x80) return byte < 0x20 ? null : inside;
      return leads.find(({ from, to }) => byte >= from && byte <= to)?.place ?? null;
    },
    shortest: () => `"${then.shortest}`,
    ends: false,
    inString: { maxLength, between: true },
  });
  const escape = new Place({
    ...within,
    step: (byte) => ('"\\/bfnrt'.includes(String.fromCharCode(byte)) ? inside : null),
    shortest: () => `"${inside.shortest}`,
  });
  /** A byte within a character, of those that may stand here. */
  const follows = (from: number, to: number, next: Place): Place =>
    new Place({
      ...within,
      step: (byte) => (byte >= from && byte <= to ? next : null),
      shortest: () => String.fromCharCode(from) + next.shortest,
    });
  const last = follows(0x80, 0xbf, inside);
  const lastTwo = follows(0x80, 0xbf, last);
  // well-formed UTF-8, table 3-7 of the Unicode standard; the first that fits counts
  const leads = [
    { from: 0xc2, to: 0xdf, place: last },
    { from: 0xe0, to: 0xe0, place: follows(0xa0, 0xbf, last) },
    { from: 0xed, to: 0xed, place: follows(0x80, 0x9f, last) },
    { from: 0xe1, to: 0xef, place: lastTwo },
    { from: 0xf0, to: 0xf0, place: follows(0x90, 0xbf, lastTwo) },
    { from: 0xf1, to: 0xf3, place: follows(0x80, 0xbf, lastTwo) },
    { from: 0xf4, to: 0xf4, place: follows(0x80, 0x8f, lastTwo) },
  ];
  return inside;
}

/** A JSON number without exponent, or an integer. */
export function numberMachine(integer: boolean): Machine {
  return (then) => {
    /** Where the number may be over. */
    const maybeOver = (step: (byte: number) => Place | null): Place =>
      new Place({ step: (byte) => step(byte) ?? then.step(byte), shortest: () => then.shortest, ends: then.ends });
    const decimals = numbered((left) => maybeOver((byte) => (isDigit(byte) && left > 0 ? decimals(left - 1) : null)));
    const shortest = (): string => `0${then.shortest}`;
    const point = new Place({ step: (byte) => (isDigit(byte) ? decimals(DIGITS - 1) : null), shortest, ends: false });
    const fraction = (byte: number): Place | null => (is(byte, '.') && !integer ? point : null);
    const digits = numbered((left) => maybeOver((byte) => (isDigit(byte) && left > 0 ? digits(left - 1) : fraction(byte))));
    const zero = maybeOver(fraction);
    const unsigned = (byte: number): Place | null => {
      if (!isDigit(byte)) return null;
      return is(byte, '0') ? zero : digits(DIGITS - 1);
    };
    const signed = new Place({ step: unsigned, shortest, ends: false });
    return new Place({ step: (byte) => (is(byte, '-') ? signed : unsigned(byte)), shortest, ends: false });
  };
}

/** A JSON array of `least` to `most` items. */
export function arrayMachine(item: Machine, least: number, most: number): Machine {
  return (then) => {
    /** Behind so many items; where more may always come, the least number stands for all that are larger. */
    const behind = (count: number): Place => behindCounted(most === Infinity ? Math.min(count, least) : count);
    const behindCounted = numbered(
      (count) =>
        new Place({
          step(byte) {
            if (is(byte, ']') && count >= least) return then;
            return is(byte, ',') && count < most ? spaced(item(behind(count + 1))) : null;
          },
          shortest: () => (count >= least ? `]${then.shortest}` : `,${item(behind(count + 1)).shortest}`),
          ends: false,
        }),
    );
    const first = new Place({
      step(byte) {
        if (is(byte, ']') && least === 0) return then;
        return most === 0 ? null : item(behind(1)).step(byte);
      },
      shortest: () => (least === 0 ? `]${then.shortest}` : item(behind(1)).shortest),
      ends: false,
    });
    return new Place({ step: (byte) => (is(byte, '[') ? first : null), shortest: () => `[${first.shortest}`, ends: false });
  };
}

/** A JSON object that has all of some keys, in their order. */
export function objectMachine(properties: readonly (readonly [key: string, value: Machine])[]): Machine {
  if (properties.length === 0) return (then) => oneOf(['{}'], then);
  return (then) =>
    properties.reduceRight(
      (rest, [key, value], at) => {
        const name = `${textBytes(JSON.stringify(key))}:`;
        const named = (before: readonly string[]): string[] => before.flatMap((each) => [`${each}${name}`, `${each}${name} `]);
        return oneOf(named(at === 0 ? ['{'] : [',', ', ']), value(rest));
      },
      oneOf(['}'], then),
    );
}
