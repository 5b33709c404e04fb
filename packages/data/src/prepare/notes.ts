import type { RawTables } from '../sources/raw-tables.js';

/** What a reader of the card should know: the source's notes, how time was stood in for, and what a language model may know by heart. */
export function notesOf({ notes, ratings, catalogue }: RawTables, seed: number | string): string[] {
  const all = [...notes];
  if (ratings.timestamp === undefined) {
    all.push(
      `The source has no times: a permutation of each user's rows, seeded with ${JSON.stringify(seed)}, stands in for time in every rule.`,
    );
  }
  if (catalogue !== undefined) {
    all.push(
      `Contamination: ${catalogue} are public, and likely in the training data of a language model, ratings and reviews included. What such a model says of a test row may be remembered, not reasoned.`,
    );
  }
  return all;
}
