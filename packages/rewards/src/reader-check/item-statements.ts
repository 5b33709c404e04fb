import { cutItem, dataText, wordValues, type ItemText, type Words } from '@expctr/data';
import { itemReasonFrames, itemVerdictFrames } from './item-frames.js';
import type { ReaderStatements, StatementPair } from './statements.js';

const REASON_ITEMS_PER_FRAME = 5;
const VERDICT_ITEMS_PER_FRAME = 4;
/** Statements are sentences: what they quote of an item is short. */
const LONGEST_QUOTE = 60;

/**
 * Statements about a dataset's own items, in its own words: what users thought of items that share an attribute value with this one,
 * or, of an item that has none, of items like it.
 * @param items some of the dataset's items; 200 of them give every pair one of its own
 */
export function itemStatements(words: Words, items: readonly ItemText[]): ReaderStatements {
  const shown = items.length > 0 ? items : [{ title: '', attributes: {} }];
  const pairs = (frames: readonly (readonly [string, string])[], perFrame: number): StatementPair[] =>
    frames.flatMap(([inFavor, against], frame) =>
      Array.from({ length: perFrame }, (_, turn) => {
        const at = frame * perFrame + turn;
        const item = shown[at % shown.length]!;
        const values = valuesOf(item, words, at);
        return { item, inFavor: fill(inFavor, values), against: fill(against, values) };
      }),
    );
  return { reasons: pairs(itemReasonFrames, REASON_ITEMS_PER_FRAME), verdicts: pairs(itemVerdictFrames, VERDICT_ITEMS_PER_FRAME) };
}

function valuesOf(item: ItemText, words: Words, at: number): Record<string, string> {
  const slots = wordValues(words);
  const { title, attributes } = cutItem(item, LONGEST_QUOTE).item;
  const quoted = (text: string): string => dataText(text, []);
  const known = Object.entries(attributes).flatMap(([name, list]) => list.map((value) => [quoted(name), quoted(value)] as const));
  const chosen = known.filter(([, value]) => value !== '');
  const pair = chosen[at % Math.max(1, chosen.length)];
  const name = quoted(title) || `this ${words.noun}`;
  const feature = pair === undefined ? `a likeness to ${name}` : `the ${pair[0]} ${pair[1]}`;
  const such = `${words.plural} with ${feature}`;
  return { ...slots, title: name, feature, such, Such: `${such.charAt(0).toUpperCase()}${such.slice(1)}` };
}

function fill(frame: string, values: Readonly<Record<string, string>>): string {
  return frame.replace(/\{(\w+)\}/gu, (slot, name: string) => values[name] ?? slot);
}
