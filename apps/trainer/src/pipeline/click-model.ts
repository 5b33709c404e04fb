import {
  fitCtr,
  fitOptions,
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
import { optionsOf } from '../config/config-schema.js';
import { explanationEncoder } from './explanation-encoder.js';
import type { Basis, FitRows } from './feature-store.js';
import type { Pipeline, RunContext } from './pipeline.js';

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
  /** The same basis without z, read when a reward first asks for it. */
  withoutZ(): Promise<ClickModel>;
  /** Frees what was fitted or read. */
  dispose(): Promise<void>;
}

/** What is fitted. */
export interface ClickModelOptions {
  readonly basis: Basis;
  /** Rows to fit on; validation rows decide when to stop. */
  readonly fit: FitRows;
  /** z by interaction for fit, validation and predicted rows, asked for when the model is fitted; null = none. */
  readonly vectors: (() => Promise<DenseVectors>) | null;
  /** Under which names its epochs stand in the log; null = they do not. */
  readonly logged: { readonly name: string; readonly iteration: number } | null;
}

/** The options of a fit. A backbone's own hold for `ctr.backbone`, which they were validated for; others have their defaults. */
export function ctrOptions(
  { config, registry }: Pick<RunContext, 'config' | 'registry'>,
  { backbone, embeddingL2 }: Pick<Basis, 'backbone' | 'embeddingL2'>,
): Record<string, unknown> {
  const own = registry.backbones.find(({ name }) => name === config.ctr.backbone && name === backbone)?.options;
  return { ...optionsOf(fitOptions, config.ctr), embeddingL2, ...(own === undefined ? {} : optionsOf(own, config.ctr)) };
}

/** Fits a CTR model. The random streams are the same for every predictor, so that predictors of a basis differ in their vectors alone. */
export async function fitClickModel(pipeline: Pipeline, { basis, fit, vectors, logged }: ClickModelOptions): Promise<ClickModel> {
  const { run, data } = pipeline;
  const idFeatures = data.features(fit, basis);
  const features = vectors === null ? idFeatures : withVectors(idFeatures, { [Z]: await vectors() });
  const model = await fitCtr({
    backbone: basis.backbone,
    backbones: run.registry.backbones,
    train: selectRows(features, fit.rows),
    valid: selectRows(features, rowsOf(data.interactions, 'valid')),
    options: ctrOptions(run, basis),
    rng: ctrStream(run),
    onEpoch({ epoch, metrics }) {
      if (logged !== null) run.artifacts.log.write({ event: 'ctr-epoch', model: logged.name, iteration: logged.iteration, epoch, metrics });
    },
  });
  return clickModel(pipeline, model, features);
}

/** The stream of every fit of a CTR model. */
export function ctrStream({ rng }: Pick<RunContext, 'rng'>): ReturnType<RunContext['rng']['fork']> {
  return rng.fork('ctr');
}

/** As {@link fitClickModel} for a model that a later process of this run may need; it predicts with fresh vectors only. */
export function keptClickModel(
  pipeline: Pipeline,
  options: ClickModelOptions & { readonly logged: NonNullable<ClickModelOptions['logged']> },
): Promise<ClickModel> {
  const { artifacts, folder } = pipeline.run;
  const name = `ctr-${options.logged.name}-${options.logged.iteration}`;
  const path = folder.checkpoint(name);
  return artifacts.artifact(name, () => fitClickModel(pipeline, options), {
    files: [path],
    write: ({ model }) => model.save(path),
    read: () => readClickModel(pipeline, path, options),
  });
}

/** A model that `save` has written; it predicts with fresh vectors only. @param path its folder */
export async function readClickModel(
  pipeline: Pipeline,
  path: string,
  { basis, fit, vectors }: Pick<ClickModelOptions, 'basis' | 'fit' | 'vectors'>,
): Promise<ClickModel> {
  const model = await loadCtrModel(path, { backbones: pipeline.run.registry.backbones });
  const idFeatures = pipeline.data.features(fit, basis);
  const { dimension } = explanationEncoder(pipeline, pipeline.models.encoder);
  const unknown = { data: new Float32Array(0), dimension, interactionIds: [] };
  const features = vectors === null ? idFeatures : withVectors(idFeatures, { [Z]: unknown }, { schema: model.schema });
  return clickModel(pipeline, model, features);
}

function clickModel(pipeline: Pipeline, model: CtrModel, features: Features): ClickModel {
  const hasZ = Z in features.columns;
  const encoder = explanationEncoder(pipeline, pipeline.models.encoder);
  const encoded = ({ read, item }: RewardRows): Promise<Float32Array> =>
    encoder.encode(read.map((text, at) => ({ text, attributes: item[at]!.attributes })));
  const of = (rows: RewardRows): Features => selectRows(features, rows.interactionId);
  return {
    model,
    predictRows: (rows) => model.predict(selectRows(features, rows)),
    predict: async (rows) => model.predict(hasZ ? withDense(of(rows), Z, await encoded(rows)) : of(rows)),
    predictAtMean: (rows) =>
      hasZ
        ? model.predict(withDense(of(rows), Z, new Float32Array(rows.length * encoder.dimension)), { atMean: [Z] })
        : model.predict(of(rows)),
    dispose: () => model.dispose(),
  };
}
