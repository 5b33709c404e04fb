import { predictionsToTable, writeTable } from '@expctr/data';
import { restoreAligned } from './align.js';
import { POLICY, type Parts } from './parts.js';
import { predictAll } from './predictors.js';
import { checkedReader } from './reader.js';
import { explainAll, stage1, stage2, stage3 } from './stages.js';
import { timed } from './timed.js';

/**
 * The method of "Explainable CTR Prediction via LLM Reasoning" (arXiv 2412.02588), top to bottom.
 * Every part that is done already is taken from the run folder.
 */
export async function runMethod(parts: Parts): Promise<void> {
  const { config, folder, policy, rng } = parts;
  const reader = await timed(parts, 'reader check', () => checkedReader(parts));

  policy.adapters.create(POLICY, rng.fork('adapter'));
  policy.adapters.activate(POLICY);
  if (!(await restoreAligned(parts, 'stage1', 0))) await timed(parts, 'stage 1', () => stage1(parts, reader));

  for (let k = 1; k <= config.iterations; k += 1) {
    if (await restoreAligned(parts, 'stage3', k)) continue;
    const clicks = await timed(parts, `stage 2, repetition ${k}`, () => stage2(parts, reader, k));
    await timed(parts, `stage 3, repetition ${k}`, () => stage3(parts, reader, clicks, k));
  }

  const materials = await timed(parts, 'explanations', () => explainAll(parts, reader));
  const predictions = await timed(parts, 'predictors', () => predictAll(parts, materials));
  await writeTable(folder.predictions, predictionsToTable(predictions));
}
