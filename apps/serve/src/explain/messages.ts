import type { Pair } from '../pairs/pair.js';

/** What the process of the language model is told. */
export type GeneratorRequest =
  /** Load the language model of the run in this folder. */
  { readonly type: 'open'; readonly root: string } | { readonly type: 'explain'; readonly id: number; readonly pairs: readonly Pair[] };

/** A text as it was written, and what of it is read. */
export interface WrittenText {
  readonly text: string;
  readonly read: string;
}

/** What became of a pair: a text, or null where it does not fit into a prompt even without a history. */
export type WrittenPair = WrittenText | null;

/** What it says. */
export type GeneratorMessage =
  | { readonly type: 'ready' }
  /** What was written so far of the explanation of a pair. */
  | { readonly type: 'text'; readonly id: number; readonly at: number; readonly text: string }
  | { readonly type: 'explained'; readonly id: number; readonly texts: readonly WrittenPair[] }
  /** `id` null: it could not be opened. */
  | { readonly type: 'failed'; readonly id: number | null; readonly code: string; readonly message: string };
