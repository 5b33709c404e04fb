import { chunkStore } from '../chunks/store.js';
import { chunksOf } from '../plan/chunks.js';
import type { PlacedPlan } from '../plan/plan.js';
import type { ActiveChunk, ChunkQueue, FailedChunk, QueueCounts } from '../queue/chunk-queue.js';

/** Chunks that are shown one by one, of those that are being made and of those that failed. */
const SHOWN = 10;

/** How far a job is. */
export interface JobStatus {
  readonly kind: string;
  readonly chunks: number;
  /** Chunks that have a result. */
  readonly done: number;
  readonly rows: number;
  readonly rowsDone: number;
  /** The queue, of whatever jobs; null where it was not looked at. */
  readonly queue: (QueueCounts & { readonly making: readonly ActiveChunk[]; readonly failures: readonly FailedChunk[] }) | null;
}

/** Looks at the results, and at the queue where there is one. */
export async function jobStatus({ plan, folder }: PlacedPlan, queue: ChunkQueue | null): Promise<JobStatus> {
  const store = chunkStore(folder);
  const chunks = chunksOf(plan);
  let done = 0;
  let rowsDone = 0;
  for (const chunk of chunks) {
    if (!(await store.has(chunk))) continue;
    done += 1;
    rowsDone += chunk.to - chunk.from;
  }
  return {
    kind: plan.kind,
    chunks: chunks.length,
    done,
    rows: plan.rows[1] - plan.rows[0],
    rowsDone,
    queue: queue === null ? null : { ...(await queue.counts()), making: await queue.active(SHOWN), failures: await queue.failed(SHOWN) },
  };
}

/** The same as lines. */
export function statusText({ kind, chunks, done, rows, rowsDone, queue }: JobStatus): string {
  const lines = [`${kind}: ${done} of ${chunks} chunks have a result, ${rowsDone} of ${rows} rows`];
  if (queue === null) return lines[0]!;
  lines.push(`queue: ${queue.waiting} chunks waiting, ${queue.active} being made, ${queue.failed} failed`);
  for (const { folder, from, to, by, done: made } of queue.making) lines.push(`  ${folder}, rows ${from} to ${to}: ${made} made, by ${by}`);
  for (const { folder, from, to, reason } of queue.failures) lines.push(`  ${folder}, rows ${from} to ${to}: ${reason}`);
  if (queue.failed > queue.failures.length) lines.push(`  and ${queue.failed - queue.failures.length} more`);
  return lines.join('\n');
}
