import type { DenseVectors } from '@expctr/ctr-models';
import { PREDICTORS, predictionsFromTable, predictionsToTable, rowsOf, type ModelPredictions, type Predictor } from '@expctr/data';
import { modelAnswers, type Reader } from '@expctr/rewards';
import { tableCodec } from '@expctr/run';
import { fitClickModel } from './click-model.js';
import type { ExplanationSet } from './explanation-set.js';
import { fitRows, type FitRows } from './feature-store.js';
import { createFittingReader } from './fitting-reader.js';
import { stopIfInterrupted } from './interrupt.js';
import type { Pipeline } from './pipeline.js';
import { readerProbabilities } from './reading.js';
import { explanationVectors, itemTextVectors, promptTextVectors, scalarVectors, shuffledVectors } from './vectors.js';

/** What predictors are made of. */
export interface Materials {
  readonly reader: Reader;
  /** Explanations of CTR, validation and test rows by the final policy, all of them read. */
  readonly final: ExplanationSet;
  /** The same by the base model, which was never trained; test rows are read. */
  readonly postHoc: ExplanationSet;
}

type Recipe =
  | {
      readonly by: 'reader';
      readonly probabilities: (pipeline: Pipeline, rows: Uint32Array, materials: Materials) => Promise<ArrayLike<number>>;
    }
  | {
      readonly by: 'ctr';
      readonly fit: FitRows;
      readonly vectors: ((pipeline: Pipeline, rows: Uint32Array, materials: Materials) => Promise<DenseVectors>) | null;
    };

/** Every predictor of the comparison: one line each. The compiler asks for a line where the list of names grows. */
const recipes: { readonly [P in Predictor]: Recipe } = {
  'id-only': { by: 'ctr', fit: 'ctr', vectors: null },
  icl: { by: 'reader', probabilities: readHistory },
  'expctr-llm': { by: 'reader', probabilities: (_, rows, { final }) => asRead(final, rows) },
  'expctr-aug': { by: 'ctr', fit: 'ctr', vectors: (pipeline, rows, { final }) => explanationVectors(pipeline, rows, final) },
  'post-hoc-llm': { by: 'reader', probabilities: (_, rows, { postHoc }) => asRead(postHoc, rows) },
  'post-hoc-aug': { by: 'ctr', fit: 'ctr', vectors: (pipeline, rows, { postHoc }) => explanationVectors(pipeline, rows, postHoc) },
  'item-text-aug': { by: 'ctr', fit: 'ctr', vectors: itemTextVectors },
  'prompt-text-aug': { by: 'ctr', fit: 'ctr', vectors: promptTextVectors },
  'shuffled-aug': {
    by: 'ctr',
    fit: 'ctr',
    vectors: async (pipeline, rows, { final }) => shuffledVectors(pipeline, await explanationVectors(pipeline, rows, final)),
  },
  'verdict-aug': { by: 'ctr', fit: 'ctr', vectors: async (_, rows, { final }) => scalarVectors(rows, await asRead(final, rows)) },
  'id-only-full': { by: 'ctr', fit: 'train', vectors: null },
};

/** Predictions of all eleven predictors for the test rows. `expctr-aug`'s model is kept in `ctr/`. */
export async function predictAll(pipeline: Pipeline, materials: Materials): Promise<ModelPredictions[]> {
  const { folder, artifacts, progress, signal } = pipeline.run;
  const task = progress.begin('predictors', PREDICTORS.length, 'predictors');
  const all: ModelPredictions[] = [];
  for (const [done, name] of PREDICTORS.entries()) {
    stopIfInterrupted(signal);
    const codec = tableCodec(folder.checkpoint('predictions', `${name}.arrow`), predictionsToTable, predictionsFromTable);
    all.push(...(await artifacts.artifact(`predictor-${name}`, async () => [await predict(pipeline, name, materials)], codec)));
    task.update(done + 1, name);
  }
  task.done();
  return all;
}

async function predict(pipeline: Pipeline, name: Predictor, materials: Materials): Promise<ModelPredictions> {
  const { run, data } = pipeline;
  const { interactions } = data;
  const test = rowsOf(interactions, 'test');
  const recipe = recipes[name];
  let probabilities: ArrayLike<number>;
  if (recipe.by === 'reader') {
    probabilities = await recipe.probabilities(pipeline, test, materials);
  } else {
    const { fit, vectors } = recipe;
    const rows = Uint32Array.from([...fitRows(interactions, fit), ...rowsOf(interactions, 'valid'), ...test]);
    const clicks = await fitClickModel(pipeline, {
      name,
      iteration: run.config.iterations + 1,
      fit,
      vectors: vectors && (() => vectors(pipeline, rows, materials)),
    });
    if (name === 'expctr-aug') await clicks.model.save(run.folder.ctr);
    probabilities = await clicks.predictRows(test);
    await clicks.dispose();
  }
  return {
    model: name,
    interactionId: test,
    label: Uint8Array.from(test, (row) => interactions.label[row]!),
    probability: Float32Array.from(probabilities),
  };
}

/** p_LC of each row. */
function asRead(set: ExplanationSet, rows: Uint32Array): Promise<Float64Array> {
  return Promise.resolve(Float64Array.from(rows, (row) => set.probability(row)));
}

/** ICL: the base model answers from the history, without an explanation. */
async function readHistory(pipeline: Pipeline, rows: Uint32Array, { reader }: Materials): Promise<ArrayLike<number>> {
  const { models, run } = pipeline;
  const withHistory = await createFittingReader(pipeline, {
    template: { ...models.templates.lc, withHistory: true },
    form: reader.form,
    scoreAnswers: modelAnswers(models.policy),
    calibrate: run.config.reader.calibrate,
  });
  return readerProbabilities(pipeline, withHistory, rows, () => '');
}
