import type { Interactions, Items, TruthRow } from '@expctr/data';
import type { FeatureStore } from './feature-store.js';
import type { PromptBook } from './prompt-book.js';

/** The interactions of a run, and what follows from them. */
export interface RunData {
  readonly interactions: Interactions;
  readonly items: Items;
  /** What a simulated world knows of every interaction; null where the data is real. */
  readonly truth: readonly TruthRow[] | null;
  /** The prompts x(u, i). */
  readonly prompts: PromptBook;
  /** The features h(u, i). */
  readonly features: FeatureStore;
}
