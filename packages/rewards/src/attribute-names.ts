import type { ItemText } from '@expctr/data';
import { isUnspaced, wordsOf } from './words.js';

/** A value or a title in the words that a text is searched for. */
type Words = readonly string[];

/**
 * Words in which a value is looked for. English plurals and possessives of Latin words are the word: "dramas", "comedies" and "drama's" name
 * Drama and Comedy.
 */
export function namingWords(text: string): string[] {
  return wordsOf(text).map((word) => {
    const bare = word.replace(/['’]s?$/u, '');
    if (!/^\p{Script=Latin}{4,}$/u.test(bare)) return bare;
    return bare.replace(/ies$/u, 'y').replace(/([^s])s$/u, '$1');
  });
}

/** Attribute values that can be named: looked up by their first word, the longest first. */
export interface Vocabulary {
  /** Number of values. */
  readonly size: number;
  /** The values that a text names, each once; what it quotes of `titles` names none. */
  named(text: string, titles: readonly string[]): string[];
}

/** What a value is called here: its words. Two values with the same words are one. */
export function valueKey(value: string): string {
  return namingWords(value).join(' ');
}

/**
 * All attribute values of items. A value of a single letter or digit is not looked for ("A", "3"): it stands in any text; a character of a
 * script without spaces is a word.
 * @param fields attributes that count; null = all
 */
export function vocabularyOf(items: Iterable<ItemText>, fields: readonly string[] | null): Vocabulary {
  const keys = new Set<string>();
  for (const { attributes } of items) {
    for (const [field, values] of Object.entries(attributes)) {
      if (fields === null || fields.includes(field)) for (const value of values) keys.add(valueKey(value));
    }
  }
  const searched = [...keys].filter((key) => key.length > 1 || isUnspaced(key)).map((key) => key.split(' '));
  const byFirst = indexed(searched);
  return { size: searched.length, named: (text, titles) => namedIn(namingWords(text), byFirst, indexed(titles.flatMap(titleWords))) };
}

type Index = ReadonlyMap<string, readonly Words[]>;

function indexed(all: readonly Words[]): Index {
  const found = new Map<string, Words[]>();
  for (const words of all) {
    const own = found.get(words[0]!);
    if (own === undefined) found.set(words[0]!, [words]);
    else own.push(words);
  }
  for (const own of found.values()) own.sort((a, b) => b.length - a.length);
  return found;
}

/** A title, and the same without what stands in parentheses at its end, such as a year. */
function titleWords(title: string): Words[] {
  return [title, title.replace(/\s*\([^()]*\)\s*$/u, '')].map(namingWords).filter((words) => words.length > 0);
}

/** The longest name at each place; a title that is longer than any value there hides the values within it. */
function namedIn(text: Words, values: Index, titles: Index): string[] {
  const found = new Set<string>();
  for (let at = 0; at < text.length;) {
    const value = longestAt(text, at, values);
    const title = longestAt(text, at, titles);
    if (value !== undefined && value.length >= (title?.length ?? 0)) found.add(value.join(' '));
    at += Math.max(1, value?.length ?? 0, title?.length ?? 0);
  }
  return [...found];
}

function longestAt(text: Words, at: number, index: Index): Words | undefined {
  return index.get(text[at]!)?.find((words) => words.every((word, offset) => text[at + offset] === word));
}
