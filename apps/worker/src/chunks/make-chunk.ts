import { writeTable } from '@expctr/data';
import { WorkerError } from '../errors.js';
import type { RowWork } from '../kinds/kind.js';
import { kinds } from '../kinds/table.js';
import type { Chunk } from '../plan/chunks.js';
import type { PlacedPlan } from '../plan/plan.js';
import type { ChunkStore } from './store.js';

/** How a chunk came to have its result. */
export type Outcome =
  /** It was there, and whole. */
  | 'found'
  /** It was made. */
  | 'made'
  /** It was made, and another attempt had been faster. */
  | 'late';

/** Makes the result of a chunk, unless it is there; a damaged one is set aside and made anew. @param say is told of damage */
export async function makeChunk(
  { plan }: PlacedPlan,
  store: ChunkStore,
  chunk: Chunk,
  work: () => Promise<RowWork<{ readonly length: number }>>,
  say: (text: string) => void,
): Promise<Outcome> {
  const state = await store.state(chunk);
  if (state === 'whole') return 'found';
  if (state === 'damaged') {
    say(
      `warning: the result of rows ${chunk.from} to ${chunk.to} is damaged, and made anew; the damaged one is ${await store.setAside(chunk)}`,
    );
  }
  const result = await (await work()).rows(chunk.from, chunk.to);
  if (result.length !== chunk.to - chunk.from) {
    throw new WorkerError('WORKER_ROWS', `${result.length} rows were made of ${chunk.to - chunk.from}`, {
      where: `rows ${chunk.from} to ${chunk.to}`,
      remedy: 'see whether the inputs are being changed while the job runs',
    });
  }
  const counts = await store.attempt(chunk, (file) => writeTable(file, kinds[plan.kind].form.toTable(result as never)));
  return counts ? 'made' : 'late';
}
