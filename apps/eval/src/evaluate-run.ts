import { writeFileAtomic, checkOptions, type OptionKeys } from '@expctr/core';
import { runFolder } from '@expctr/run';
import { computeMetrics, type MetricsOptions } from './metrics/compute-metrics.js';
import type { Metrics } from './figures/metrics.js';
import { readRun } from './read/run-data.js';
import { reportPage } from './report/page.js';

/** Options of {@link evaluateRun}. */
export type EvaluateOptions = MetricsOptions;

const EVALUATE_RUN_OPTIONS: OptionKeys<EvaluateOptions> = { resamples: true };

/**
 * Evaluates a run folder and writes `metrics.json` and `report.html` into it. Both follow from the folder's other files alone:
 * evaluating twice gives the same bytes.
 *
 * @param root of a run folder as expctr-train writes it
 * @returns what metrics.json holds
 * @throws EvalError for a folder that is not a complete run, RunFolderError for a configuration or log that cannot be read
 */
export async function evaluateRun(root: string, options: EvaluateOptions = {}): Promise<Metrics> {
  checkOptions('evaluateRun', options, EVALUATE_RUN_OPTIONS);
  const folder = runFolder(root);
  const run = await readRun(root);
  const metrics = computeMetrics(run, options);
  await writeFileAtomic(folder.report, await reportPage(run, metrics));
  await writeFileAtomic(folder.metrics, `${JSON.stringify(metrics, null, 2)}\n`);
  return metrics;
}
