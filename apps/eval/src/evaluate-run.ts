import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { computeMetrics, type MetricsOptions } from './metrics/compute-metrics.js';
import type { Metrics } from './figures/metrics.js';
import { readRun } from './read/run-data.js';
import { reportPage } from './report/page.js';

/** Options of {@link evaluateRun}. */
export type EvaluateOptions = MetricsOptions;

/**
 * Evaluates a run folder and writes `metrics.json` and `report.html` into it. Both follow from the folder's other files alone:
 * evaluating twice gives the same bytes.
 *
 * @param runFolder as expctr-train writes it
 * @returns what metrics.json holds
 * @throws EvalError for a folder that is not a complete run
 */
export async function evaluateRun(runFolder: string, options: EvaluateOptions = {}): Promise<Metrics> {
  const run = await readRun(runFolder);
  const metrics = computeMetrics(run, options);
  await writeFileAtomic(join(runFolder, 'report.html'), await reportPage(run, metrics));
  await writeFileAtomic(join(runFolder, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  return metrics;
}
