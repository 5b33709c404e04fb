import { predictionsToTable, writeTable } from '@expctr/data';
import { timed } from '@expctr/run';
import { aligned } from './align.js';
import { historyBackbone } from './history-backbone.js';
import { learningCurve } from './learning-curve.js';
import { POLICY, type Pipeline } from './pipeline.js';
import { predictAll } from './predictors.js';
import { checkedReader } from './reader.js';
import { explainAll, stage1, stage2, stage3 } from './stages.js';

/**
 * The method of "Explainable CTR Prediction via LLM Reasoning" (arXiv 2412.02588), top to bottom.
 * Every part that is done already is taken from the run folder.
 */
export async function runMethod(pipeline: Pipeline): Promise<void> {
  const { run, models } = pipeline;
  const { artifacts, config, folder, rng } = run;
  const reader = await timed(folder, 'reader check', () => checkedReader(pipeline));
  const history = await timed(folder, 'history backbone', () => historyBackbone(pipeline));

  models.policy.adapters.create(POLICY, rng.fork('adapter'));
  models.policy.adapters.activate(POLICY);
  await aligned(pipeline, 'stage1', 0, () => timed(folder, 'stage 1', () => stage1(pipeline, reader)));

  for (let k = 1; k <= config.iterations; k += 1) {
    await aligned(pipeline, 'stage3', k, async () => {
      const clicks = await timed(folder, `stage 2, repetition ${k}`, () => stage2(pipeline, reader, history, k));
      await timed(folder, `stage 3, repetition ${k}`, () => stage3(pipeline, reader, clicks, k));
      await clicks.dispose();
    });
  }

  const materials = await timed(folder, 'explanations', () => explainAll(pipeline, reader, history));
  const predictions = await timed(folder, 'predictors', () => predictAll(pipeline, materials));
  await artifacts.once('predictions', () => writeTable(folder.predictions, predictionsToTable(predictions)), [folder.predictions]);
  const curve = await timed(folder, 'learning curve', () => learningCurve(pipeline, materials));
  await artifacts.once('learning-curve', () => writeTable(folder.learningCurve, predictionsToTable(curve)), [folder.learningCurve]);
}
