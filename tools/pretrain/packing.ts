// Sequences side by side in the rows of batches, as lessons are in training.
import { batchOf, type Lesson } from '@expctr/testbed/pretraining';
import type { BatchShape, PromptBatch } from './model.js';

/** A batch, and where each of its sequences ends. */
export interface PackedBatch {
  readonly batch: PromptBatch;
  readonly places: readonly {
    /** Which sequence. */
    readonly index: number;
    /** Place of its last token in the batch, row by row. */
    readonly end: number;
  }[];
}

/** A sequence that teaches nothing. */
const lessonOf = (tokens: readonly number[]): Lesson => ({ tokens, kinds: tokens.map(() => 'prompt'), answers: new Map() });

/** One sequence a row. */
export function aligned(sequences: readonly (readonly number[])[], shape: BatchShape): PromptBatch {
  return batchOfRows(
    sequences.map((tokens) => [tokens]),
    shape,
  );
}

/** All sequences in as few batches as their order allows. */
export function packed(sequences: readonly (readonly number[])[], shape: BatchShape): PackedBatch[] {
  const { rows, time } = shape;
  const batches: PackedBatch[] = [];
  let lists: number[][] = [[]]; // of indices, one a row
  let room = time;
  const close = (): void => {
    const places = lists.flatMap((list, row) => {
      let end = row * time - 1;
      return list.map((index) => ({ index, end: (end += sequences[index]!.length) }));
    });
    const texts = lists.map((list) => list.map((index) => sequences[index]!));
    batches.push({ batch: batchOfRows(texts, shape), places });
  };
  sequences.forEach(({ length }, index) => {
    if (length > time) throw new RangeError(`packed: sequence ${index} has ${length} tokens; expected at most ${time}`);
    if (length > room) {
      if (lists.length === rows) {
        close();
        lists = [];
      }
      lists.push([]);
      room = time;
    }
    lists.at(-1)!.push(index);
    room -= length;
  });
  close();
  return batches;
}

function batchOfRows(texts: readonly (readonly (readonly number[])[])[], { rows, time }: BatchShape): PromptBatch {
  const given = texts.map((row) => row.map(lessonOf));
  return batchOf([...given, ...Array.from({ length: rows - given.length }, () => [])], time);
}
