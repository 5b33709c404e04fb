// A finished testbed run, as tools/experiments/testbed-seeds.ts looks at it.
import { readFile } from 'node:fs/promises';
import { auc } from '@expctr/ctr-models';
import { predictionsFromTable, readDataset, readTable, rowsOf } from '@expctr/data';
import type { Metrics } from '@expctr/eval';
import { readRunLog, type RunFolder, type UpdateEvent } from '@expctr/run';

/** Users by how many training rows they have, cut at the median of the users with test rows. */
export type Half = 'all' | 'cold' | 'warm';

/** What is read of a run. */
export interface SeedRun {
  readonly metrics: Metrics;
  readonly updates: readonly UpdateEvent[];
  /** AUC of a predictor on the test rows of such users; NaN where the run has no such predictor. */
  readonly area: (half: Half, predictor: string) => number;
}

/** Reads a run that has its metrics. */
export async function readSeedRun(folder: RunFolder): Promise<SeedRun> {
  const metrics = JSON.parse(await readFile(folder.metrics, 'utf8')) as Metrics;
  const { updates } = await readRunLog(folder.log);
  const { interactions } = await readDataset(folder.data);
  const predictions = predictionsFromTable(await readTable(folder.predictions));
  const userOf = (row: number): number => interactions.user[row]!;
  const trained = new Map<number, number>();
  for (const row of rowsOf(interactions, 'train')) trained.set(userOf(row), (trained.get(userOf(row)) ?? 0) + 1);
  const countOf = (user: number): number => trained.get(user) ?? 0;
  const testUsers = new Set([...rowsOf(interactions, 'test')].map(userOf));
  const counts = [...testUsers].map(countOf).sort((a, b) => a - b);
  const median = counts[Math.floor(counts.length / 2)] ?? 0;
  const inHalf: Record<Half, (row: number) => boolean> = {
    all: () => true,
    cold: (row) => countOf(userOf(row)) < median,
    warm: (row) => countOf(userOf(row)) >= median,
  };
  function area(half: Half, predictor: string): number {
    const found = predictions.find(({ model }) => model === predictor);
    if (found === undefined) return NaN;
    const { interactionId, label, probability } = found;
    const kept = Array.from(interactionId).flatMap((row, at) => (inHalf[half](row) ? [at] : []));
    return auc(
      kept.map((at) => label[at]!),
      kept.map((at) => probability[at]!),
    );
  }
  return { metrics, updates, area };
}
