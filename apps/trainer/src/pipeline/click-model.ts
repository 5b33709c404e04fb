import {
  buildFeatures,
  fitCtr,
  loadCtrModel,
  selectRows,
  withDense,
  type CtrModel,
  type DenseVectors,
  type Features,
  type FeatureSchema,
} from '@expctr/ctr-models';
import { rowsOf } from '@expctr/data';
import type { RewardRows } from '@expctr/rewards';
import type { Parts } from './parts.js';

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
}

/** What is fitted. */
export interface ClickModelOptions {
  /** Predictor name for the log. */
  readonly name: string;
  readonly iteration: number;
  /** Interactions to fit on; validation rows decide when to stop. */
  readonly fitRows: ArrayLike<number>;
  /** z by interaction for fit, validation and predicted rows, asked for when the model is fitted; null = ID features only. */
  readonly vectors: (() => Promise<DenseVectors>) | null;
  /** Folder that keeps the model. A step of the run: where it is done, the model is taken from there. */
  readonly folder?: string;
}

/**
 * Fits a CTR model. h(u, i) is the same for every predictor: IDs, item attributes and the history as two sequences. The random
 * streams are the same, too, so that predictors differ in their vectors alone.
 */
export async function fitClickModel(parts: Parts, options: ClickModelOptions): Promise<ClickModel> {
  const { checkpoints } = parts;
  const { name, iteration, folder } = options;
  const step = `ctr-${name}-${iteration}`;
  if (folder !== undefined && checkpoints.isDone(step)) {
    const model = await loadCtrModel(folder);
    return clickModel(parts, model, featuresOf(parts, options, unknownVectors(parts, options), model.schema));
  }
  const features = featuresOf(parts, options, options.vectors === null ? null : await options.vectors());
  const model = await fit(parts, options, features);
  if (folder !== undefined) await checkpoints.once(step, () => model.save(folder));
  return clickModel(parts, model, features);
}

/** Features of all interactions; a model's own schema where it was fitted before. */
function featuresOf(
  { interactions, items }: Parts,
  { fitRows }: ClickModelOptions,
  vectors: DenseVectors | null,
  schema?: FeatureSchema,
): Features {
  return buildFeatures({ interactions, items, fitRows, dense: vectors === null ? {} : { [Z]: vectors }, ...(schema ? { schema } : {}) });
}

/** A model read back predicts with fresh vectors only. */
function unknownVectors({ encoder }: Parts, { vectors }: ClickModelOptions): DenseVectors | null {
  return vectors === null ? null : { data: new Float32Array(0), dimension: encoder.dimension, interactionIds: [] };
}

function fit(
  { config, interactions, rng, checkpoints }: Parts,
  { name, iteration, fitRows }: ClickModelOptions,
  features: Features,
): Promise<CtrModel> {
  const { backbone, batchSize, ...options } = config.ctr;
  return fitCtr({
    backbone,
    train: selectRows(features, fitRows),
    valid: selectRows(features, rowsOf(interactions, 'valid')),
    options: { ...options, ...(batchSize === null ? {} : { batchSize }) },
    rng: rng.fork('ctr'),
    onEpoch: ({ epoch, metrics }) => checkpoints.log.write({ event: 'ctr-epoch', model: name, iteration, epoch, metrics }),
  });
}

function clickModel({ encoder }: Parts, model: CtrModel, features: Features): ClickModel {
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
  };
}
