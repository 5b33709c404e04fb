/** Control characters, halves of surrogate pairs, and every kind of space and line break. */
const NOT_TEXT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Zs}]+/gu;

/** Characters without a shape of their own: joiners, soft hyphens, marks of direction. They go without a space. */
const INVISIBLE = /\p{Cf}+/gu;

/** Characters that open or close a quotation in some script or font; an apostrophe is none of them. */
const QUOTES = /["\u201C-\u201F\u00AB\u00BB\u2033\u2036\u275D\u275E\u301D-\u301F\uFF02]/gu;

const WORD = /[\p{L}\p{N}]/u;

/**
 * Text from a dataset or from a model, made fit to stand inside a template: one line, no control or invisible characters
 * (they become spaces, runs of spaces become one), quotation marks become apostrophes, and delimiters are broken up.
 * Applying it twice changes nothing more.
 */
export function dataText(text: string, delimiters: readonly string[]): string {
  return breakDelimiters(text.replace(QUOTES, "'"), delimiters);
}

/** One line: control characters, spaces and line breaks become single spaces, invisible characters go. */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE, '').replace(NOT_TEXT, ' ').trim();
}

/**
 * Removes each delimiter's meaning and keeps its words: `Movie:` becomes `Movie`, `###` and `<|im_end|>` become ` ` and `im end`.
 * A delimiter without punctuation goes altogether. Upper and lower case count as the same.
 */
export function breakDelimiters(text: string, delimiters: readonly string[]): string {
  const { any, each } = rulesOf(delimiters);
  let result = oneLine(text);
  // Removing one delimiter can join the halves of another; every pass shortens the text or removes punctuation, so this ends.
  for (let before = ''; before !== result && any?.test(result) === true;) {
    before = result;
    for (const { pattern, replace } of each) result = result.replace(pattern, replace);
    result = oneLine(result);
  }
  return result;
}

interface DelimiterRules {
  /** Whether there is one of them at all: in nearly every text there is none. */
  readonly any: RegExp | undefined;
  readonly each: readonly { readonly pattern: RegExp; readonly replace: (found: string) => string }[];
}

/** Of the lists seen so far. A program has a few, one for each template, and asks them of every text. */
const known = new Map<string, DelimiterRules>();
const MOST_KNOWN = 100;

function rulesOf(delimiters: readonly string[]): DelimiterRules {
  const key = delimiters.join('\0');
  const found = known.get(key);
  if (found !== undefined) return found;
  const single = delimiters.map(oneLine).filter((delimiter) => delimiter !== '');
  const each = single.map((delimiter) => ({ pattern: matcher(delimiter), replace: broken(delimiter) }));
  const any = each.length === 0 ? undefined : new RegExp(each.map(({ pattern }) => pattern.source).join('|'), 'iu');
  const rules = { any, each };
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, rules);
  return rules;
}

/** A case-insensitive matcher of a literal string, in which any run of white space matches any other. */
export function matcher(literal: string): RegExp {
  const pattern = literal.split(/\s+/u).map(escape).join('\\s+');
  return new RegExp(pattern, 'giu');
}

/** A string as a regular expression that matches it literally. */
export function escape(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

function broken(delimiter: string): (found: string) => string {
  const words = WORD.test(delimiter) && /[^\p{L}\p{N}\s]/u.test(delimiter);
  return (found) => (words ? found.replace(/[^\p{L}\p{N}\s]+/gu, ' ') : ' ');
}
