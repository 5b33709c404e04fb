/**
 * What a terminal obeys, hides or reorders by instead of showing it: control characters (C0, DEL, C1), format characters (marks,
 * overrides and isolates of direction, zero-width characters, tags), line and paragraph separators, halves of surrogate pairs,
 * and whatever else Unicode says is to be ignored by default. Variation selectors 15 and 16 stay: emoji are written with them.
 */
const UNPRINTABLE = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * A text from data (a title, a name, a path, a quoted value) as it may be shown on a terminal, on one line: each unprintable
 * character becomes a visible escape (`\n`, `\x1b`, `\u202e`, `\u{e0041}`), so no escape sequence survives and no second line can
 * be forged. Backslashes stay as they are, so this is for reading and cannot be undone; done twice it changes nothing.
 *
 * @param limit the most characters (code points) to show; a longer text ends in `…`, and no escape is cut in two
 */
export function printable(text: string, limit = Infinity): string {
  return limit === Infinity ? text.replace(UNPRINTABLE, escaped) : bounded(text, limit);
}

/** As {@link printable}, for a text of several lines that a program composed: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' || character === '\t' ? character : escaped(character)));
}

/** A value as indented JSON in which unprintable characters are JSON's own escapes: what reads it gets the same value. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

function bounded(text: string, limit: number): string {
  // An escape is never shorter than what it stands for, so the beginning of a text of any length is enough.
  const pieces = Array.from(text.slice(0, 2 * limit + 2), (character) => character.replace(UNPRINTABLE, escaped));
  let length = 0;
  let whole = 0;
  for (const piece of pieces) {
    length += Array.from(piece).length;
    if (length > limit) return `${pieces.slice(0, whole).join('')}…`;
    if (length < limit) whole += 1;
  }
  return pieces.join('');
}

function escaped(character: string): string {
  const short = SHORT.get(character);
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}
