import { CURVE_PREDICTORS, curveModel, rowsOf, type ModelPredictions } from '@expctr/data';
import { ctrSlice, partOfCtrSlice } from './feature-store.js';
import { warn, type Pipeline } from './pipeline.js';
import { fitOnHistory, keptPredictions, used, type Materials } from './predictors.js';

/**
 * The predictors of the learning curve, each fitted on the same random part of the CTR slice, one part a size of `ctr.learningCurve`;
 * every larger part holds the smaller ones. The backbone is the one that was chosen on the whole slice, and validation rows decide
 * when to stop, as there.
 * @returns predictions of the test rows
 */
export async function learningCurve(pipeline: Pipeline, materials: Materials): Promise<ModelPredictions[]> {
  const { run, data } = pipeline;
  const { interactions } = data;
  const test = rowsOf(interactions, 'test');
  const whole = ctrSlice(interactions).rows.length;
  const sizes = [...new Set(run.config.ctr.learningCurve)].filter((size) => size < whole).sort((a, b) => a - b);
  const fits = sizes.map((size) => ({ size, fit: partOfCtrSlice(interactions, size, run.rng) }));
  const usable = fits.filter(({ fit }) => new Set(Array.from(fit.rows, (row) => interactions.label[row])).size === 2);
  await run.artifacts.once('learning-curve-sizes', () => {
    const left = sizes.filter((size) => !usable.some((one) => one.size === size));
    if (left.length > 0)
      warn(run, 'CURVE_ONE_CLASS', `the learning curve leaves out ${left.join(', ')} CTR rows: those drawn have one label`);
    return Promise.resolve();
  });
  const task = run.progress.begin('learning curve', usable.length * CURVE_PREDICTORS.length, 'models');
  const all: ModelPredictions[] = [];
  for (const { size, fit } of usable) {
    for (const name of CURVE_PREDICTORS) {
      const model = curveModel(name, size);
      all.push(await keptPredictions(pipeline, model, async () => used(await fitOnHistory(pipeline, name, materials, fit), test)));
      task.update(all.length, model);
    }
  }
  task.done();
  return all;
}
