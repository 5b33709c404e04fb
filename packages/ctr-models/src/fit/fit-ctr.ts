import { checkOptions, type Rng, type OptionKeys } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import type { Features } from '../features/encode.js';
import { createCtrModel, type CtrModel } from '../model/ctr-model.js';
import type { ModelState } from '../model/predictor.js';
import { isStream, type FeatureStream } from '../stream/feature-stream.js';
import { createTables } from '../tables/embedding-table.js';
import { checkFit } from './check-fit.js';
import { openCheckpoint } from './checkpoint.js';
import type { EpochReport } from './epoch-report.js';
import { fitIdentity, type FitInputs } from './fit-identity.js';
import type { FitOptions } from './options.js';
import { runEpochs } from './run-epochs.js';
import type { StepReport } from './step-report.js';
import { trainRows } from './train-rows.js';

/** Parameters of {@link fitCtr}. */
export interface FitCtrParameters {
  /** A name in the table of backbones or among `backbones`, or a backbone of one's own. */
  readonly backbone: string | Backbone;
  /** Backbones of one's own that `backbone` may name. */
  readonly backbones?: readonly Backbone[];
  /** The rows to learn from, and the schema: in memory, or read as they are needed ({@link streamFeatures}). */
  readonly train: Features | FeatureStream;
  /** The rows that decide when to stop. Without them all epochs run. */
  readonly valid?: Features;
  /** Any of {@link fitOptions} and of the backbone's own options, in one object. */
  readonly options?: FitOptions & Readonly<Record<string, unknown>>;
  /** Initial values, order of rows and dropout derive from it, by name: a dense column more changes none of the rest. */
  readonly rng: Rng;
  /** How much each training row counts in the loss, at least 0, one a row. Default 1 each. See also the option `positiveWeight`. */
  readonly weights?: ArrayLike<number>;
  /**
   * A folder to keep the fit in, after each epoch. A fit that finds itself there goes on from its last epoch, to the same bytes as one that
   * was never interrupted; asked for more epochs, it trains on.
   */
  readonly checkpoint?: string;
  /** Called after each epoch, not again for those that a checkpoint holds. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Called after each step, with the rate and the time left. */
  readonly onStep?: (report: StepReport) => void;
  /** A clock in milliseconds, for the rate. Default `performance.now`. */
  readonly now?: () => number;
}

const FIT_CTR_OPTIONS: OptionKeys<FitCtrParameters> = {
  backbone: true,
  backbones: true,
  train: true,
  valid: true,
  options: true,
  rng: true,
  weights: true,
  checkpoint: true,
  onEpoch: true,
  onStep: true,
  now: true,
};

/**
 * Fits a CTR model by mini-batch gradient descent on the log-loss, stops early on the validation rows' log-loss and returns the best
 * epoch. Not on their AUC: rewards and teachers take the probabilities themselves, and an AUC still creeps up by chance long after the
 * probabilities have gone to the extremes.
 *
 * The same rows, options and generator give the same model on the same machine and backend.
 *
 * @throws CtrError `CTR_ONE_CLASS` where train or valid has one class; `CTR_NOT_FINITE` for NaN in a feature (naming it and the row)
 * or a loss that grew out of bounds; `CTR_DENSE_ROWS` where a dense column lacks rows; `CTR_CHECKPOINT` for a folder with another fit, one
 * with more epochs, or a damaged one; `CTR_EMPTY`, `CTR_LENGTH`, `CTR_SCHEMA`, `CTR_OPTION`, `CTR_BACKBONE`.
 */
export async function fitCtr(parameters: FitCtrParameters): Promise<CtrModel> {
  checkOptions('fitCtr', parameters, FIT_CTR_OPTIONS);
  const { checkpoint: folder, onEpoch, onStep, now = () => performance.now() } = parameters;
  const inputs = checkFit(parameters);
  const model = initialize(inputs);
  const checkpoint = folder === undefined ? undefined : openCheckpoint(folder, await identityOf(inputs));
  const options = inputs.options.fit;
  const train = await trainRows(inputs.train, { ...inputs, positiveWeight: options.positiveWeight });
  const { reports, bestEpoch } = await runEpochs({ ...inputs, train, model, options, checkpoint, onEpoch, onStep, now });
  return createCtrModel({ state: model, options, epochs: reports, bestEpoch });
}

async function identityOf(inputs: FitInputs): Promise<string> {
  return fitIdentity(inputs, isStream(inputs.train) ? await inputs.train.digest() : undefined);
}

function initialize({ backbone, options: { fit, own }, train: { schema }, rng }: FitInputs): ModelState {
  const { embeddingDimension, embeddingSizes, fusion } = fit;
  const dimension = backbone.usesEmbeddings ? embeddingDimension : 0;
  const parameters = backbone.init(schema, { ...own, embeddingDimension, fusion }, rng.fork('backbone'));
  const tables = createTables(schema, { usesSequences: backbone.usesSequences ?? false, embeddingSizes }, dimension, rng.fork('tables'));
  return { backbone, options: own, schema, dimension, parameters, tables };
}
