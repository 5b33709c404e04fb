import type { DenseVectors } from '@expctr/ctr-models';
import { PREDICTORS, predictionsFromTable, predictionsToTable, rowsOf, type ModelPredictions, type Predictor } from '@expctr/data';
import { tableCodec } from '@expctr/run';
import { fitClickModel, type ClickModel } from './click-model.js';
import type { ExplanationSet } from './explanation-set.js';
import { ctrSlice, trainSplit, type FitRows } from './feature-store.js';
import type { HistoryBackbone } from './history-backbone.js';
import type { HistoryReadings } from './history-readings.js';
import { stopIfInterrupted } from './interrupt.js';
import type { Pipeline } from './pipeline.js';
import { countedVectors, explanationVectors, itemTextVectors, logOddsVectors, promptTextVectors, shuffledVectors } from './vectors.js';

/** What predictors are made of. */
export interface Materials {
  /** What every vector is added to. */
  readonly history: HistoryBackbone;
  /** Explanations of CTR, validation and test rows by the final policy, all of them read. */
  readonly final: ExplanationSet;
  /** The same by the base model, which was never trained; test rows are read. */
  readonly postHoc: ExplanationSet;
  /** What the base model makes of the history of the same rows, without an explanation. */
  readonly icl: HistoryReadings;
}

type Vectors = (pipeline: Pipeline, rows: Uint32Array, materials: Materials) => Promise<DenseVectors>;

type Recipe =
  | { readonly by: 'reader'; readonly probability: (row: number, materials: Materials) => number }
  /** The paper's CTR model, which knows the history as pooled ids. */
  | { readonly by: 'ids'; readonly fit: 'ctr' | 'train' }
  /** {@link Materials.history}, alone or with vectors. */
  | { readonly by: 'history'; readonly vectors: Vectors | null };

/** Every predictor of the comparison: one line each. The compiler asks for a line where the list of names grows. */
const recipes: { readonly [P in Predictor]: Recipe } = {
  'id-only': { by: 'ids', fit: 'ctr' },
  'id-history': { by: 'history', vectors: null },
  icl: { by: 'reader', probability: (row, { icl }) => icl.get(row)! },
  'expctr-llm': { by: 'reader', probability: (row, { final }) => final.probability(row) },
  'expctr-aug': { by: 'history', vectors: (pipeline, rows, { final }) => explanationVectors(pipeline, rows, final) },
  'post-hoc-llm': { by: 'reader', probability: (row, { postHoc }) => postHoc.probability(row) },
  'post-hoc-aug': { by: 'history', vectors: (pipeline, rows, { postHoc }) => explanationVectors(pipeline, rows, postHoc) },
  'icl-aug': { by: 'history', vectors: (_, rows, { icl }) => logOddsVectors(rows, (row) => icl.get(row)!) },
  'item-text-aug': { by: 'history', vectors: itemTextVectors },
  'prompt-text-aug': { by: 'history', vectors: promptTextVectors },
  'template-aug': { by: 'history', vectors: countedVectors },
  'shuffled-aug': {
    by: 'history',
    vectors: async (pipeline, rows, { final }) => shuffledVectors(pipeline, await explanationVectors(pipeline, rows, final)),
  },
  'verdict-aug': { by: 'history', vectors: (_, rows, { final }) => logOddsVectors(rows, (row) => final.probability(row)) },
  'id-only-full': { by: 'ids', fit: 'train' },
};

/** Predictions of every predictor for the test rows. `expctr-aug`'s model is kept in `ctr/`. */
export async function predictAll(pipeline: Pipeline, materials: Materials): Promise<ModelPredictions[]> {
  const { progress } = pipeline.run;
  const task = progress.begin('predictors', PREDICTORS.length, 'predictors');
  const all: ModelPredictions[] = [];
  for (const [done, name] of PREDICTORS.entries()) {
    const beside = name === 'expctr-aug' ? [pipeline.run.folder.ctr] : [];
    all.push(await keptPredictions(pipeline, name, () => predictTest(pipeline, name, materials), beside));
    task.update(done + 1, name);
  }
  task.done();
  return all;
}

/**
 * The predictions of the test rows under a name of the run, made once.
 * @param model also names what is kept
 * @param beside files and folders that `make` leaves
 */
export async function keptPredictions(
  pipeline: Pipeline,
  model: string,
  make: () => Promise<ArrayLike<number>>,
  beside: readonly string[] = [],
): Promise<ModelPredictions> {
  const { run, data } = pipeline;
  stopIfInterrupted(run.signal);
  const codec = tableCodec(run.folder.checkpoint('predictions', `${model}.arrow`), predictionsToTable, predictionsFromTable);
  const [kept] = await run.artifacts.artifact(
    `predictor-${model}`,
    async () => {
      const interactionId = rowsOf(data.interactions, 'test');
      const label = Uint8Array.from(interactionId, (row) => data.interactions.label[row]!);
      return [{ model, interactionId, label, probability: Float32Array.from(await make()) }];
    },
    { ...codec, files: [...codec.files, ...beside] },
  );
  return kept!;
}

async function predictTest(pipeline: Pipeline, name: Predictor, materials: Materials): Promise<ArrayLike<number>> {
  const { run, data } = pipeline;
  const test = rowsOf(data.interactions, 'test');
  const recipe = recipes[name];
  const logged = { name, iteration: run.config.iterations + 1 };
  const slice = ctrSlice(data.interactions);
  switch (recipe.by) {
    case 'reader':
      return Float64Array.from(test, (row) => recipe.probability(row, materials));
    case 'ids': {
      const fit = recipe.fit === 'ctr' ? slice : trainSplit(data.interactions);
      const { backbone, embeddingL2 } = run.config.ctr;
      const basis = { backbone, embeddingL2, evidence: false };
      return used(await fitClickModel(pipeline, { basis, fit, vectors: null, logged }), test);
    }
    case 'history': {
      if (recipe.vectors === null) return used(await materials.history.open(), test);
      const clicks = await fitOnHistory(pipeline, name, materials, slice, logged);
      if (name === 'expctr-aug') await clicks.model.save(run.folder.ctr);
      return used(clicks, test);
    }
  }
}

/**
 * A predictor that stands on {@link Materials.history}, fitted on some rows of the CTR slice.
 * @param name of a recipe `by: 'history'`
 */
export function fitOnHistory(
  pipeline: Pipeline,
  name: Predictor,
  materials: Materials,
  fit: FitRows,
  logged: { readonly name: string; readonly iteration: number } | null = null,
): Promise<ClickModel> {
  const { interactions } = pipeline.data;
  const recipe = recipes[name];
  const vectors = recipe.by === 'history' ? recipe.vectors : null;
  const rows = Uint32Array.from([...fit.rows, ...rowsOf(interactions, 'valid'), ...rowsOf(interactions, 'test')]);
  return fitClickModel(pipeline, {
    basis: materials.history.basis,
    fit,
    vectors: vectors && (() => vectors(pipeline, rows, materials)),
    logged,
  });
}

/** What a model says of the rows, and then no more. */
export async function used(clicks: ClickModel, rows: Uint32Array): Promise<Float64Array> {
  const probabilities = await clicks.predictRows(rows);
  await clicks.dispose();
  return probabilities;
}
