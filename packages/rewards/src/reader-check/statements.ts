import { movies, type ItemText, type Words } from '@expctr/data';
import { inventedItems, type InventedItem } from './invented-items.js';
import { itemStatements } from './item-statements.js';
import { reasonFrames } from './reason-frames.js';
import { verdictFrames } from './verdict-frames.js';

/** Two statements on the same item: one speaks for it, one against it. */
export interface StatementPair {
  /** What both speak of. */
  readonly item: ItemText;
  /** The statement that speaks for it. */
  readonly inFavor: string;
  /** The statement that speaks against it. */
  readonly against: string;
}

/** The built-in statements of the reader check. */
export interface ReaderStatements {
  /** 200 pairs (400 statements) that give reasons and no outcome. */
  readonly reasons: readonly StatementPair[];
  /** 52 pairs (104 statements) that state the outcome and no reason. */
  readonly verdicts: readonly StatementPair[];
}

const reasonItemsPerFrame = 5;
const verdictItemsPerFrame = 4;

/** What the reader is to be asked about. */
export interface StatementSubject {
  /** The words of the dataset. */
  readonly words: Words;
  /** Some of its items. */
  readonly items: readonly ItemText[];
}

/**
 * The statements, the same at every call.
 * @param subject a dataset: of movies, each frame is filled in for several of forty invented ones, that no model can know; of anything
 *   else for its own items. Default: movies.
 */
export function readerStatements(subject?: StatementSubject): ReaderStatements {
  if (subject !== undefined && subject.words.domain !== movies.name) return itemStatements(subject.words, subject.items);
  return { reasons: fillFrames(reasonFrames, reasonItemsPerFrame), verdicts: fillFrames(verdictFrames, verdictItemsPerFrame) };
}

function fillFrames(frames: readonly (readonly [string, string])[], perFrame: number): StatementPair[] {
  return frames.flatMap(([inFavor, against], frame) =>
    Array.from({ length: perFrame }, (_, turn) => {
      // Steps of 8 through 40 items: the five of a frame lie apart, and every item meets different frames.
      const item = itemAt((frame + turn * 8) % inventedItems.length);
      return {
        item: { title: item.title, attributes: { genres: item.genres } },
        inFavor: fill(inFavor, item),
        against: fill(against, item),
      };
    }),
  );
}

function itemAt(index: number): InventedItem {
  const item = inventedItems[index];
  if (item === undefined) throw new RangeError(`no invented item ${index}`);
  return item;
}

function fill(frame: string, item: InventedItem): string {
  const words: Readonly<Record<string, string>> = {
    kind: item.kind,
    mood: item.mood,
    theme: item.theme,
    setting: item.setting,
    genre: item.genres[0] ?? '',
    title: item.title.replace(/ \(\d{4}\)$/u, ''),
  };
  const text = frame.replace(/\{(\w+)\}/gu, (slot, name: string) => words[name] ?? slot);
  return text.replace(/\b([Aa]) (?=[aeiou])/gu, '$1n ');
}
