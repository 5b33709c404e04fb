import { checkOptions, type OptionKeys } from '@expctr/core';
import { CtrError } from '../errors.js';
import { exportOnnx } from '../export/export-onnx.js';
import { checkFeatures, checkIsFeatures } from '../features/check-features.js';
import type { Features } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import type { EpochReport } from '../fit/epoch-report.js';
import type { ResolvedFitOptions } from '../fit/options.js';
import { createPredictor, sigmoid, type ModelState } from './predictor.js';
import { saveModel } from './save.js';
import { sameSchema } from '../features/same-schema.js';

/** Options of a prediction. */
export interface PredictOptions {
  /**
   * Dense features to hold at their training mean: what the model says without knowing this row's vector.
   * Their columns are not read: rows may lack a vector. The IC reward's `difference` is a prediction less this one.
   */
  readonly atMean?: readonly string[];
}

const PREDICT_OPTIONS: OptionKeys<PredictOptions> = { atMean: true };

/** A trained CTR model. */
export interface CtrModel {
  /** Name of its backbone. */
  readonly backbone: string;
  /** The backbone's own options, none left out. */
  readonly backboneOptions: Readonly<Record<string, unknown>>;
  /** The schema that features must have. */
  readonly schema: FeatureSchema;
  /** How it was fitted. */
  readonly options: ResolvedFitOptions;
  /** The epochs of the fit. */
  readonly epochs: readonly EpochReport[];
  /** The epoch whose parameters it has. */
  readonly bestEpoch: number;
  /**
   * Probability of label 1 for each row.
   * @throws CtrError `CTR_SCHEMA` for features of another schema; `CTR_NOT_FINITE`, `CTR_DENSE_ROWS`, `CTR_EMPTY`.
   */
  predict(features: Features, options?: PredictOptions): Promise<Float64Array>;
  /** Log-odds of label 1 for each row; errors as {@link predict}. */
  predictLogits(features: Features, options?: PredictOptions): Promise<Float64Array>;
  /**
   * Writes the model to its own folder: config.json (schema, options), tensors.safetensors and model.onnx, each atomically.
   * {@link loadCtrModel} reads it back. Weights of 256 MiB and more are not in model.onnx, which then refers to tensors.safetensors beside
   * it: no memory is needed for a copy of them. Errors as {@link exportOnnx}.
   */
  save(folder: string): Promise<void>;
  /**
   * Writes the whole model, look-ups included, as one ONNX file that takes ids and raw numbers by feature name and gives `probability`.
   * Weights of 256 MiB and more go into a file of their own beside it, `<path>.safetensors`.
   * Where another tfjs backend is active, `onnx` is made active for the time of the export.
   * @throws CtrError `CTR_EXPORT` for a backbone that has the batch size built in.
   */
  exportOnnx(path: string): Promise<void>;
  /** Frees the compiled functions; predicting afterwards makes them anew. */
  dispose(): Promise<void>;
}

/** Parameters of {@link createCtrModel}. */
export interface CtrModelParameters {
  /** What predicts. */
  readonly state: ModelState;
  /** How it was fitted. */
  readonly options: ResolvedFitOptions;
  /** The epochs of the fit. */
  readonly epochs: readonly EpochReport[];
  /** The epoch whose parameters it has. */
  readonly bestEpoch: number;
}

/** A model over the given state. */
export function createCtrModel({ state, options, epochs, bestEpoch }: CtrModelParameters): CtrModel {
  const predictor = createPredictor(state);

  async function predictLogits(features: Features, predictOptions: PredictOptions = {}): Promise<Float64Array> {
    checkOptions('predict', predictOptions, PREDICT_OPTIONS);
    checkIsFeatures(features, 'predict');
    const { atMean = [] } = predictOptions;
    if (!sameSchema(features.schema, state.schema)) {
      throw new CtrError('CTR_SCHEMA', 'the features have another schema than the model', {
        where: 'predict',
        remedy: 'build them with the schema of the model (buildFeatures({ schema: model.schema, ... }))',
      });
    }
    checkFeatures(features, 'predict', atMean);
    return predictor.logits(features, atMean);
  }

  return {
    backbone: state.backbone.name,
    backboneOptions: state.options,
    schema: state.schema,
    options,
    epochs,
    bestEpoch,
    predictLogits,
    predict: async (features, predictOptions) => (await predictLogits(features, predictOptions)).map(sigmoid),
    async save(folder) {
      await saveModel(folder, state, { options, epochs, bestEpoch });
    },
    exportOnnx: (path) => exportOnnx(state, path),
    dispose: () => predictor.dispose(),
  };
}
