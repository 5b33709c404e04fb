import {
  PREDICTORS,
  predictionsFromTable,
  predictionsToTable,
  readTable,
  rowsOf,
  writeTable,
  type ModelPredictions,
  type Predictor,
} from '@expctr/data';
import type { DenseVectors } from '@expctr/ctr-models';
import type { Reader } from '@expctr/rewards';
import { fitClickModel } from './click-model.js';
import type { ExplanationSet } from './explanation-set.js';
import { createFittingReader } from './fitting-reader.js';
import { stopIfInterrupted } from './interrupt.js';
import type { Parts } from './parts.js';
import { readerProbabilities } from './reading.js';
import { answerScorer } from './reader.js';
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
  | { readonly by: 'reader'; readonly probabilities: (parts: Parts, rows: Uint32Array, materials: Materials) => Promise<ArrayLike<number>> }
  | {
      readonly by: 'ctr';
      /** Rows to fit on: the CTR slice, whose labels the policy has not seen, or the whole train split. */
      readonly fit: 'ctr' | 'train';
      readonly vectors: ((parts: Parts, rows: Uint32Array, materials: Materials) => Promise<DenseVectors>) | null;
    };

/** Every predictor of the comparison: one line each. The compiler asks for a line where the list of names grows. */
const recipes: { readonly [P in Predictor]: Recipe } = {
  'id-only': { by: 'ctr', fit: 'ctr', vectors: null },
  icl: { by: 'reader', probabilities: readHistory },
  'expctr-llm': {
    by: 'reader',
    probabilities: (_parts, rows, { final }) => Promise.resolve(Float64Array.from(rows, (row) => final.probability(row))),
  },
  'expctr-aug': { by: 'ctr', fit: 'ctr', vectors: (parts, rows, { final }) => explanationVectors(parts, rows, final) },
  'post-hoc-llm': {
    by: 'reader',
    probabilities: (_parts, rows, { postHoc }) => Promise.resolve(Float64Array.from(rows, (row) => postHoc.probability(row))),
  },
  'post-hoc-aug': { by: 'ctr', fit: 'ctr', vectors: (parts, rows, { postHoc }) => explanationVectors(parts, rows, postHoc) },
  'item-text-aug': { by: 'ctr', fit: 'ctr', vectors: itemTextVectors },
  'prompt-text-aug': { by: 'ctr', fit: 'ctr', vectors: promptTextVectors },
  'shuffled-aug': {
    by: 'ctr',
    fit: 'ctr',
    vectors: async (parts, rows, { final }) => shuffledVectors(parts, await explanationVectors(parts, rows, final)),
  },
  'verdict-aug': {
    by: 'ctr',
    fit: 'ctr',
    vectors: (_parts, rows, { final }) =>
      Promise.resolve(
        scalarVectors(
          rows,
          Float32Array.from(rows, (row) => final.probability(row)),
        ),
      ),
  },
  'id-only-full': { by: 'ctr', fit: 'train', vectors: null },
};

/** Predictions of all eleven predictors for the test rows. `expctr-aug`'s model is kept in `ctr/`. */
export async function predictAll(parts: Parts, materials: Materials): Promise<ModelPredictions[]> {
  const { folder, checkpoints, progress, signal } = parts;
  const task = progress.begin('predictors', PREDICTORS.length, 'predictors');
  const all: ModelPredictions[] = [];
  for (const [done, name] of PREDICTORS.entries()) {
    stopIfInterrupted(signal);
    const path = folder.checkpoint('predictions', `${name}.arrow`);
    await checkpoints.once(`predictor-${name}`, async () => writeTable(path, predictionsToTable([await predict(parts, name, materials)])));
    all.push(...predictionsFromTable(await readTable(path)));
    task.update(done + 1, name);
  }
  task.done();
  return all;
}

async function predict(parts: Parts, name: Predictor, materials: Materials): Promise<ModelPredictions> {
  const { interactions, config, folder } = parts;
  const test = rowsOf(interactions, 'test');
  const recipe = recipes[name];
  let probabilities: ArrayLike<number>;
  if (recipe.by === 'reader') {
    probabilities = await recipe.probabilities(parts, test, materials);
  } else {
    const fitRows = recipe.fit === 'ctr' ? rowsOf(interactions, 'train', 'ctr') : rowsOf(interactions, 'train');
    const rows = Uint32Array.from([...fitRows, ...rowsOf(interactions, 'valid'), ...test]);
    const { vectors: make } = recipe;
    const vectors = make === null ? null : () => make(parts, rows, materials);
    const clicks = await fitClickModel(parts, { name, iteration: config.iterations + 1, fitRows, vectors });
    if (name === 'expctr-aug') await clicks.model.save(folder.ctr);
    probabilities = await clicks.predictRows(test);
    await clicks.model.dispose();
  }
  return {
    model: name,
    interactionId: test,
    label: Uint8Array.from(test, (row) => interactions.label[row]!),
    probability: Float32Array.from(probabilities),
  };
}

/** ICL: the base model answers from the history, without an explanation. */
async function readHistory(parts: Parts, rows: Uint32Array, { reader }: Materials): Promise<ArrayLike<number>> {
  const template = { ...parts.templates.lc, withHistory: true };
  const withHistory = await createFittingReader(parts, {
    template,
    form: reader.form,
    scoreAnswers: answerScorer(parts),
    calibrate: parts.config.reader.calibrate,
  });
  return readerProbabilities(parts, withHistory, rows, () => '');
}
