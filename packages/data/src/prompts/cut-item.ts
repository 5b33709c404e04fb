import type { ItemText } from './item-text.js';

/** What {@link cutItem} made. */
export interface CutItem {
  /** The item with texts of at most the given length. */
  readonly item: ItemText;
  /** What was cut: `title`, or names of attributes and numbers. */
  readonly cut: readonly string[];
}

const END = '…';
/** A cut goes back to the end of a word that is no longer than this. */
const LONGEST_WORD = 20;

/**
 * An item whose title has at most `length` characters, and each of its attributes as many over all its values: a longer text ends in
 * `…`, and values that find no room are left out. An item that is short enough is given back as it is.
 * @param length in code points, at least 1
 */
export function cutItem(item: ItemText, length: number): CutItem {
  const cut: string[] = [];
  const title = cutText(item.title, length);
  if (title !== item.title) cut.push('title');
  const attributes = Object.entries(item.attributes).map(([name, values]) => {
    const kept = cutValues(values, length);
    if (kept !== values) cut.push(name);
    return [name, kept] as const;
  });
  const numbers = Object.entries(item.numbers ?? {}).map(([name, value]) => [name, cutText(value, length)] as const);
  if (cut.length === 0) return { item, cut };
  return {
    item: {
      title,
      attributes: Object.fromEntries(attributes),
      ...(item.numbers === undefined ? {} : { numbers: Object.fromEntries(numbers) }),
    },
    cut,
  };
}

/** The first values that have room together; the first of all is cut where it has none. The same array where nothing is cut. */
function cutValues(values: readonly string[], length: number): readonly string[] {
  const total = values.reduce((sum, value) => sum + value.length, 0);
  if (total <= length) return values;
  const kept: string[] = [];
  let left = length;
  for (const value of values) {
    const size = [...value.slice(0, 2 * left + 2)].length;
    if (size > left) break;
    kept.push(value);
    left -= size;
  }
  if (kept.length === values.length) return values;
  return kept.length > 0 ? kept : values.slice(0, 1).map((value) => cutText(value, length));
}

/** A text of at most `length` code points, cut between words where that loses little. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = [...text.slice(0, 2 * length + 2)]; // a code point has at most two units
  if (characters.length <= length) return text;
  const start = characters.slice(0, length - END.length).join('');
  const word = /\s+\S*$/u.exec(start);
  const end = word !== null && word.index > 0 && start.length - word.index <= LONGEST_WORD ? word.index : start.length;
  return `${start.slice(0, end)}${END}`;
}
