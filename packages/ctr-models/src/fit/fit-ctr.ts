import { checkOptions, type Rng, type OptionKeys } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import { checkBackbones, findBackbone } from '../backbones/table.js';
import { CtrError } from '../errors.js';
import { checkBothClasses, checkFeatures } from '../features/check-features.js';
import type { Features } from '../features/encode.js';
import { eventsFeatures } from '../features/schema.js';
import { auc } from '../metrics/auc.js';
import { logLoss } from '../metrics/log-loss.js';
import { createGatherer } from '../model/batch.js';
import { createCtrModel, type CtrModel } from '../model/ctr-model.js';
import { batchShape, createPredictor, sigmoid, type ModelState } from '../model/predictor.js';
import { parameterLeaves } from '../model/parameters.js';
import { sameSchema } from '../features/same-schema.js';
import { createTables } from '../tables/embedding-table.js';
import type { EpochReport } from './epoch-report.js';
import { resolveOptions, type FitOptions, type ResolvedOptions } from './options.js';
import { createTrainingStep } from './training-step.js';

/** Parameters of {@link fitCtr}. */
export interface FitCtrParameters {
  /** A name in the table of backbones or among `backbones`, or a backbone of one's own. */
  readonly backbone: string | Backbone;
  /** Backbones of one's own that `backbone` may name. */
  readonly backbones?: readonly Backbone[];
  /** The rows to learn from, and the schema. */
  readonly train: Features;
  /** The rows that decide when to stop. Without them all epochs run. */
  readonly valid?: Features;
  /** Any of {@link fitOptions} and of the backbone's own options, in one object. */
  readonly options?: FitOptions & Readonly<Record<string, unknown>>;
  /** Initial values, order of rows and dropout derive from it, by name: a dense column more changes none of the rest. */
  readonly rng: Rng;
  /** Called after each epoch. */
  readonly onEpoch?: (report: EpochReport) => void;
}

const FIT_CTR_OPTIONS: OptionKeys<FitCtrParameters> = {
  backbone: true,
  backbones: true,
  train: true,
  valid: true,
  options: true,
  rng: true,
  onEpoch: true,
};

/**
 * Fits a CTR model by mini-batch gradient descent on the log-loss, stops early on the validation rows' log-loss and returns the best
 * epoch. Not on their AUC: rewards and teachers take the probabilities themselves, and an AUC still creeps up by chance long after the
 * probabilities have gone to the extremes.
 *
 * The same rows, options and generator give the same model on the same machine and backend.
 *
 * @throws CtrError `CTR_ONE_CLASS` where train or valid has one class; `CTR_NOT_FINITE` for NaN in a feature (naming it and the row)
 * or a loss that grew out of bounds; `CTR_DENSE_ROWS` where a dense column lacks rows; `CTR_EMPTY`, `CTR_SCHEMA`, `CTR_OPTION`, `CTR_BACKBONE`.
 */
export async function fitCtr(parameters: FitCtrParameters): Promise<CtrModel> {
  checkOptions('fitCtr', parameters, FIT_CTR_OPTIONS);
  const { backbone: given, backbones = [], train, valid, options: givenOptions = {}, rng, onEpoch } = parameters;
  if (typeof given !== 'string') checkBackbones([given]);
  const backbone = typeof given === 'string' ? findBackbone(given, backbones) : given;
  const { fit: options, own } = resolveOptions(backbone, givenOptions, train.length);
  for (const [where, features] of [['train', train] as const, ['valid', valid] as const]) {
    if (features === undefined) continue;
    checkFeatures(features, `fitCtr ${where}`);
    checkBothClasses(features, `fitCtr ${where}`);
    if (!sameSchema(features.schema, train.schema))
      throw new CtrError('CTR_SCHEMA', 'train and valid have different schemas', { where: 'fitCtr' });
  }

  if (backbone.usesSequences && eventsFeatures(train.schema).length === 0) {
    throw new CtrError('CTR_SCHEMA', `the backbone ${backbone.name} reads sequences, and the features have none`, {
      where: 'fitCtr',
      expected: "a feature of the kind 'events'",
      remedy: 'build them with buildFeatures({ events: true, ... })',
    });
  }

  const model = initialize(backbone, train, { fit: options, own }, rng);
  const size = Math.min(options.batchSize, train.length);
  const predictor = createPredictor(model);
  const gatherer = createGatherer(train, model.tables, { events: backbone.usesSequences === true });
  const step = await createTrainingStep(model, options, batchShape(model, train, size), rng.fork('dropout'));
  const rows = Int32Array.from({ length: train.length }, (_, row) => row);
  const reports: EpochReport[] = [];
  let best = { loss: Infinity, epoch: 0, state: undefined as Snapshot | undefined };

  try {
    for (let epoch = 1; epoch <= options.epochs; epoch += 1) {
      rng.fork('order', epoch).shuffle(rows);
      let total = 0;
      for (let start = 0; start < rows.length; start += size) {
        total += await step.run(gatherer, train.labels, rows, start, Math.min(size, rows.length - start));
        if (!Number.isFinite(total)) throw diverged(epoch);
      }
      const trainLoss = total / rows.length;
      if (valid === undefined) {
        report({ epoch, metrics: { 'train/logloss': trainLoss } });
        continue;
      }
      const probabilities = (await predictor.logits(valid)).map(sigmoid);
      if (probabilities.some(Number.isNaN)) throw diverged(epoch);
      const validLoss = logLoss(valid.labels, probabilities);
      report({
        epoch,
        metrics: { 'train/logloss': trainLoss, 'valid/logloss': validLoss, 'valid/auc': auc(valid.labels, probabilities) },
      });
      if (validLoss < best.loss) best = { loss: validLoss, epoch, state: snapshot(model) };
      else if (epoch - best.epoch >= options.patience) break;
    }
  } finally {
    await step.dispose();
    await predictor.dispose();
  }
  if (best.state !== undefined) restore(model, best.state);
  return createCtrModel({ state: model, options, epochs: reports, bestEpoch: best.state === undefined ? reports.length : best.epoch });

  function report(epochReport: EpochReport): void {
    reports.push(epochReport);
    onEpoch?.(epochReport);
  }
}

function initialize(
  backbone: Backbone,
  { schema }: Features,
  { fit: { embeddingDimension, embeddingSizes, fusion }, own }: ResolvedOptions,
  rng: Rng,
): ModelState {
  const dimension = backbone.usesEmbeddings ? embeddingDimension : 0;
  const parameters = backbone.init(schema, { ...own, embeddingDimension, fusion }, rng.fork('backbone'));
  const tables = createTables(schema, { usesSequences: backbone.usesSequences ?? false, embeddingSizes }, dimension, rng.fork('tables'));
  return { backbone, options: own, schema, dimension, parameters, tables };
}

interface Snapshot {
  readonly parameters: readonly Float32Array[];
  readonly tables: readonly Float32Array[];
}

function parameterArrays({ parameters }: ModelState): Float32Array[] {
  return parameterLeaves(parameters).map(({ tensor }) => tensor.data as Float32Array);
}

function snapshot(model: ModelState): Snapshot {
  return { parameters: parameterArrays(model).map((a) => a.slice()), tables: model.tables.map((t) => t.values.slice()) };
}

function restore(model: ModelState, saved: Snapshot): void {
  parameterArrays(model).forEach((array, k) => array.set(saved.parameters[k]!));
  model.tables.forEach((table, k) => table.values.set(saved.tables[k]!));
}

function diverged(epoch: number): CtrError {
  return new CtrError('CTR_NOT_FINITE', `the loss is not finite in epoch ${epoch}`, { where: 'fitCtr', remedy: 'lower learningRate' });
}
