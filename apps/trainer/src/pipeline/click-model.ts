import {
  fitCtr,
  loadCtrModel,
  selectRows,
  withDense,
  withVectors,
  type CtrModel,
  type DenseVectors,
  type Features,
} from '@expctr/ctr-models';
import { rowsOf } from '@expctr/data';
import type { RewardRows } from '@expctr/rewards';
import { fitRows, type FitRows } from './feature-store.js';
import type { Pipeline } from './pipeline.js';

/** Name of the dense feature that holds the explanation vector, or what a control puts in its place. */
const Z = 'z';

/** A fitted CTR model together with the features of all interactions. */
export interface ClickModel {
  readonly model: CtrModel;
  /** Probability of a click for interactions whose vector was given when the model was fitted. */
  predictRows(rows: ArrayLike<number>): Promise<Float64Array>;
  /** p_IC: f(h(u, i), z) with z the vector of each row's explanation, fresh from the encoder. */
  predict(rows: RewardRows): Promise<Float64Array>;
  /** f(h(u, i), mean z): what the model says without knowing this explanation. */
  predictAtMean(rows: RewardRows): Promise<Float64Array>;
  /** Frees the model. */
  dispose(): Promise<void>;
}

/** What stage 2 gives to stage 3. */
export interface ClickModels {
  readonly withZ: ClickModel;
  /** The ID-only model on the same rows, fitted when a reward first asks for it. */
  idOnly(): Promise<ClickModel>;
  /** Frees what was fitted. */
  dispose(): Promise<void>;
}

/** What is fitted. */
export interface ClickModelOptions {
  /** Predictor name for the log. */
  readonly name: string;
  readonly iteration: number;
  /** Rows to fit on; validation rows decide when to stop. */
  readonly fit: FitRows;
  /** z by interaction for fit, validation and predicted rows, asked for when the model is fitted; null = ID features only. */
  readonly vectors: (() => Promise<DenseVectors>) | null;
}

/** Fits a CTR model. The random streams are the same for every predictor, so that predictors differ in their vectors alone. */
export async function fitClickModel(pipeline: Pipeline, options: ClickModelOptions): Promise<ClickModel> {
  const { run, data } = pipeline;
  const { name, iteration, fit, vectors } = options;
  const idFeatures = data.features(fit);
  const features = vectors === null ? idFeatures : withVectors(idFeatures, { [Z]: await vectors() });
  const { backbone, evidence: _, ...settings } = run.config.ctr;
  const model = await fitCtr({
    backbone,
    backbones: run.registry.backbones,
    train: selectRows(features, fitRows(data.interactions, fit)),
    valid: selectRows(features, rowsOf(data.interactions, 'valid')),
    options: settings,
    rng: run.rng.fork('ctr'),
    onEpoch: ({ epoch, metrics }) => run.artifacts.log.write({ event: 'ctr-epoch', model: name, iteration, epoch, metrics }),
  });
  return clickModel(pipeline, model, features);
}

/** As {@link fitClickModel} for a model that a later process of this run may need; it predicts with fresh vectors only. */
export function keptClickModel(pipeline: Pipeline, options: ClickModelOptions): Promise<ClickModel> {
  const { artifacts, folder, registry } = pipeline.run;
  const name = `ctr-${options.name}-${options.iteration}`;
  const path = folder.checkpoint(name);
  return artifacts.artifact(name, () => fitClickModel(pipeline, options), {
    write: ({ model }) => model.save(path),
    async read() {
      const model = await loadCtrModel(path, { backbones: registry.backbones });
      const idFeatures = pipeline.data.features(options.fit);
      const unknown = { data: new Float32Array(0), dimension: pipeline.models.encoder.dimension, interactionIds: [] };
      const features = options.vectors === null ? idFeatures : withVectors(idFeatures, { [Z]: unknown }, { schema: model.schema });
      return clickModel(pipeline, model, features);
    },
  });
}

function clickModel({ models: { encoder } }: Pipeline, model: CtrModel, features: Features): ClickModel {
  const hasZ = Z in features.columns;
  const of = (rows: RewardRows): Features => selectRows(features, rows.interactionId);
  return {
    model,
    predictRows: (rows) => model.predict(selectRows(features, rows)),
    predict: async (rows) => model.predict(hasZ ? withDense(of(rows), Z, await encoder.encode(rows.read)) : of(rows)),
    predictAtMean: (rows) =>
      hasZ
        ? model.predict(withDense(of(rows), Z, new Float32Array(rows.length * encoder.dimension)), { atMean: [Z] })
        : model.predict(of(rows)),
    dispose: () => model.dispose(),
  };
}
