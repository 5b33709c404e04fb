import type { HubOptions } from '@expctr/hub';
import { Interrupted, silentProgress, type Progress } from '@expctr/trainer';
import type { RowWork } from '../kinds/kind.js';
import { kinds } from '../kinds/table.js';
import { chunksOf } from '../plan/chunks.js';
import type { PlacedPlan } from '../plan/plan.js';
import { makeChunk } from './make-chunk.js';
import { chunkStore } from './store.js';

/** Options of {@link runLocally}. */
export interface RunLocallyOptions {
  /** Default: silent. */
  readonly progress?: Progress;
  /** Aborted, the run ends after the chunk under way. */
  readonly signal?: AbortSignal | undefined;
  /** Where models that are named by their hub id come from. Default: the hub. */
  readonly hub?: HubOptions;
}

/** What a run did. */
export interface RunSummary {
  /** Rows whose results were made now. */
  readonly made: number;
  /** Rows whose results were there. */
  readonly found: number;
}

/**
 * All chunks of a plan, one after the other in this process, without Redis: the results are the same bytes as those of many machines.
 * What is there already is verified and not made again.
 * @throws Interrupted where the signal was aborted
 */
export async function runLocally(
  placed: PlacedPlan,
  { progress = silentProgress, signal, hub = {} }: RunLocallyOptions = {},
): Promise<RunSummary> {
  const { plan, folder } = placed;
  const store = chunkStore(folder);
  const [from, to] = plan.rows;
  const task = progress.begin(plan.kind, to - from, 'rows');
  const rows = { made: 0, found: 0, late: 0 };
  let opened: Promise<RowWork<{ readonly length: number }>> | null = null;
  const work = (): Promise<RowWork<{ readonly length: number }>> =>
    (opened ??= kinds[plan.kind].open(placed, { hub, progress: silentProgress, signal: undefined }));
  try {
    for (const chunk of chunksOf(plan)) {
      if (signal?.aborted === true) throw new Interrupted('WORKER_INTERRUPTED', 'interrupted');
      rows[await makeChunk(placed, store, chunk, work, (text) => progress.say(text))] += chunk.to - chunk.from;
      task.update(chunk.to - from);
    }
  } finally {
    if (opened !== null)
      await (opened as Promise<RowWork<{ readonly length: number }>>).then(({ close }) => close()).catch(() => undefined);
  }
  task.done(rows.found === 0 ? '' : `${rows.found} of them were there`);
  return { made: rows.made + rows.late, found: rows.found };
}
