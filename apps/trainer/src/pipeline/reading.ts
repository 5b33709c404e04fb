import type { Reader } from '@expctr/rewards';
import { stopIfInterrupted } from './interrupt.js';
import type { RunContext } from './pipeline.js';
import type { PromptBook } from './prompt-book.js';

/** What reading needs of a pipeline; a worker that has no run folder has just this. */
export interface ReadContext {
  /** How it says how far it is. */
  readonly run: Pick<RunContext, 'progress' | 'signal'>;
  /** What is read beside the texts. */
  readonly data: { readonly prompts: Pick<PromptBook, 'item' | 'history'> };
}

/** Rows that the reader is given at once: enough to fill its batches, few enough to show progress. */
const CHUNK = 128;

/** p_LC of each row: the frozen base model reads the item and the text that `textOf` gives for the row. */
export async function readerProbabilities(
  { run, data }: ReadContext,
  reader: Reader,
  rows: ArrayLike<number>,
  textOf: (row: number) => string,
): Promise<Float64Array> {
  const { prompts } = data;
  const { progress, signal } = run;
  const probabilities = new Float64Array(rows.length);
  if (rows.length === 0) return probabilities;
  const task = progress.begin('reading', rows.length, 'rows');
  for (let begin = 0; begin < rows.length; begin += CHUNK) {
    stopIfInterrupted(signal);
    const chunk = Array.from({ length: Math.min(CHUNK, rows.length - begin) }, (_, i) => rows[begin + i]!);
    const read = await reader.read({
      length: chunk.length,
      item: chunk.map((row) => prompts.item(row)),
      history: chunk.map((row) => prompts.history(row)),
      read: chunk.map(textOf),
    });
    probabilities.set(read, begin);
    task.update(begin + chunk.length);
  }
  task.done();
  return probabilities;
}
