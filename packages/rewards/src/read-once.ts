import { checkOptions, type OptionKeys } from '@expctr/core';
import { requireLength } from './errors.js';
import type { ReaderRows } from './reward-rows.js';

type Read = (rows: ReaderRows) => Promise<ArrayLike<number>>;

/** Options of {@link readOnce}. */
export interface ReadOnceOptions {
  /** Whether the reader's template repeats the history; else rows that differ in nothing but the history are one. */
  readonly withHistory: boolean;
}

const READ_ONCE_OPTIONS: OptionKeys<ReadOnceOptions> = { withHistory: true };

/** A reader that remembers. */
export interface RememberingReader {
  /** [rows] p_LC; what it was asked since it last forgot is not read again. */
  readonly read: Read;
  /** Forgets all that it has read. */
  forget(): void;
}

/**
 * A reader that reads a text about an item once, however many rewards ask: within a call, and from call to call until it is told to forget.
 * What it does not know yet goes to `read` in one call, in the order in which it was asked for.
 *
 * @param read as {@link createReader} gives it: what it says of a row depends on that row alone
 */
export function readOnce(read: Read, options: ReadOnceOptions): RememberingReader {
  checkOptions('readOnce', options, READ_ONCE_OPTIONS);
  const { withHistory } = options;
  let known = new Map<string, Promise<number>>();
  const textOf = writtenOnce();
  const keyOf = ({ item, read: texts, history }: ReaderRows, row: number): string => {
    const key = `${textOf(item[row])}\n${texts[row]!}`;
    return withHistory ? `${JSON.stringify(history?.[row])}\n${key}` : key;
  };
  return {
    async read(rows) {
      requireLength('item', rows.item, rows.length);
      requireLength('read', rows.read, rows.length);
      const keys = Array.from({ length: rows.length }, (_, row) => keyOf(rows, row));
      const memory = known;
      const asked = new Map<string, number>();
      for (const [row, key] of keys.entries()) if (!memory.has(key) && !asked.has(key)) asked.set(key, row);
      if (asked.size > 0) {
        const answers = Promise.resolve(read(picked(rows, [...asked.values()]))).then((values) => {
          requireLength('p_LC', values, asked.size);
          return values;
        });
        for (const [at, key] of [...asked.keys()].entries()) {
          const answer = answers.then((values) => values[at]!);
          memory.set(key, answer);
          answer.catch(() => memory.delete(key)); // a failure is no answer
        }
      }
      return Float64Array.from(await Promise.all(keys.map((key) => memory.get(key)!)));
    },
    forget() {
      known = new Map();
    },
  };
}

function picked(rows: ReaderRows, at: readonly number[]): ReaderRows {
  const { item, read, history } = rows;
  return {
    length: at.length,
    item: at.map((row) => item[row]!),
    read: at.map((row) => read[row]!),
    ...(history === undefined ? {} : { history: at.map((row) => history[row]!) }),
  };
}

/** Items come again and again as the same objects. */
function writtenOnce(): (item: object | undefined) => string {
  const written = new WeakMap<object, string>();
  return (item) => {
    if (item === undefined) return '';
    const before = written.get(item);
    if (before !== undefined) return before;
    const text = JSON.stringify(item);
    written.set(item, text);
    return text;
  };
}
