import { readTable, writeBatches } from '@expctr/data';
import { WorkerError } from '../errors.js';
import type { Kind } from '../kinds/kind.js';
import { kinds } from '../kinds/table.js';
import { chunksOf, type Chunk } from '../plan/chunks.js';
import type { PlacedPlan } from '../plan/plan.js';
import { chunkStore, type ChunkStore } from './store.js';

/** Rows in a record batch: as every table of `@expctr/data` has them, wherever chunks were cut. */
const ROWS_PER_BATCH = 65_536;

/** Ranges that an error names before it counts the rest. */
const NAMED = 5;

/** A row of the results. */
type Result = Parameters<Kind['form']['toTable']>[0];

/**
 * The results of all chunks in the order of their rows, as one Arrow table: its bytes do not depend on where chunks were cut, and never
 * more than a chunk and a record batch are in memory. Every result is held against its checksum.
 * @returns number of rows
 * @throws WorkerError `WORKER_INCOMPLETE` that names the rows without a result, `WORKER_DAMAGED` for results that are not what was
 * written, `WORKER_ROWS` for rows that stand there twice or not at all
 */
export async function joinChunks({ plan, folder }: PlacedPlan, file: string): Promise<number> {
  const store = chunkStore(folder);
  const chunks = chunksOf(plan);
  await requireAll(store, chunks);
  const kind = kinds[plan.kind];
  let rows = 0;
  async function* batches() {
    let waiting: Result[] = [];
    let length = 0;
    const whole = (count: number): ReturnType<Kind['form']['toTable']> => {
      const all = waiting.length === 1 ? waiting[0]! : kind.form.concat(waiting);
      const table = kind.form.toTable(all.length === count ? all : kind.form.slice(all, 0, count));
      waiting = all.length === count ? [] : [kind.form.slice(all, count, all.length)];
      length -= count;
      rows += count;
      return table;
    };
    for (const chunk of chunks) {
      waiting.push(await readChunk(kind, store, chunk));
      length += chunk.to - chunk.from;
      while (length >= ROWS_PER_BATCH) yield* whole(ROWS_PER_BATCH).batches;
    }
    if (length > 0) yield* whole(length).batches;
  }
  const first = kind.form.toTable(await readChunk(kind, store, chunks[0]!));
  await writeBatches(file, first.schema, batches());
  await store.tidy();
  return rows;
}

/** All results are there: said before hours of joining, not in the middle. */
async function requireAll(store: ChunkStore, chunks: readonly Chunk[]): Promise<void> {
  const missing: Chunk[] = [];
  for (const chunk of chunks) if (!(await store.has(chunk))) missing.push(chunk);
  if (missing.length === 0) return;
  const ranges = missing.slice(0, NAMED).map(({ from, to }) => `${from} to ${to}`);
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more chunks` : '';
  throw new WorkerError(
    'WORKER_INCOMPLETE',
    `${missing.length} of ${chunks.length} chunks have no result: rows ${ranges.join(', ')}${more}`,
    {
      remedy: 'let expctr-worker work or run finish them; status says what failed',
    },
  );
}

async function readChunk(kind: Kind, store: ChunkStore, chunk: Chunk): Promise<Result> {
  const where = store.file(chunk);
  if ((await store.state(chunk)) !== 'whole') {
    throw new WorkerError('WORKER_DAMAGED', `the result of rows ${chunk.from} to ${chunk.to} is not what was written`, {
      where,
      remedy: 'run or submit the job again: damaged results are set aside and made anew',
    });
  }
  const result = kind.form.fromTable(await readTable(where));
  const size = chunk.to - chunk.from;
  const wrong =
    result.length !== size
      ? `it has ${result.length} rows of ${size}`
      : kind.idsAreRows
        ? strayRow(result.interactionId, chunk.from)
        : undefined;
  if (wrong === undefined) return result;
  throw new WorkerError('WORKER_ROWS', `the result of rows ${chunk.from} to ${chunk.to} is wrong: ${wrong}`, {
    where,
    expected: 'every row once, in order',
    remedy: 'remove that folder, and run or submit the job again',
  });
}

function strayRow(ids: Uint32Array, from: number): string | undefined {
  const at = ids.findIndex((id, row) => id !== from + row);
  return at < 0 ? undefined : `interaction ${ids[at]} stands in the place of ${from + at}`;
}
