import type { Rng } from '@expctr/core';
import { checkFeatures } from '../features/check-features.js';
import type { Features } from '../features/encode.js';
import { createGatherer, type BatchShape } from '../model/batch.js';
import { batchShape, type ModelState } from '../model/predictor.js';
import { isStream, type FeatureStream } from '../stream/feature-stream.js';
import { rowWeights, totalWeight, type RowWeights } from './row-weights.js';

/** Rows that are in memory together, and the order in which an epoch takes them. */
export interface TrainBlock {
  /** The rows. */
  readonly features: Features;
  /** Their order. */
  readonly rows: Int32Array;
  /** Their weights. */
  readonly weights: RowWeights;
}

/** The training rows of a fit, whether they are in memory or come block by block. */
export interface TrainRows {
  /** Number of rows. */
  readonly length: number;
  /** Sum of their weights. */
  readonly totalWeight: number;
  /** The shape of batches of `size` of them. @throws CtrError `CTR_SCHEMA` where an id lies outside its table */
  shape(model: ModelState, size: number): BatchShape;
  /** The rows of an epoch, from 1, each once. Epochs come in order, but some may be left out. */
  epoch(epoch: number): AsyncIterable<TrainBlock>;
}

/** Training rows; a stream whose buffer holds all of them is read once, and then is as good as rows in memory. */
export async function trainRows(
  train: Features | FeatureStream,
  { weights, positiveWeight, rng }: { readonly weights: RowWeights; readonly positiveWeight: number | null; readonly rng: Rng },
): Promise<TrainRows> {
  if (!isStream(train)) return wholeRows(train, weights, rng);
  if (train.length > train.bufferRows) return streamedRows(train, positiveWeight, rng);
  const features = await train.whole();
  checkFeatures(features, 'fitCtr train');
  return wholeRows(features, rowWeights(features.labels, undefined, positiveWeight), rng);
}

function wholeRows(features: Features, weights: RowWeights, rng: Rng): TrainRows {
  const rows = Int32Array.from({ length: features.length }, (_, row) => row);
  let shuffled = 0;
  return {
    length: features.length,
    totalWeight: totalWeight(weights, features.length),
    shape(model, size) {
      createGatherer(features, model.tables, { events: model.backbone.usesSequences === true }); // checks ids, before anything is compiled
      return batchShape(model, features, size);
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- the rows of a stream are waited for
    async *epoch(epoch) {
      for (; shuffled < epoch; shuffled += 1) rng.fork('order', shuffled + 1).shuffle(rows); // each order follows from the last
      yield { features, rows, weights };
    },
  };
}

function streamedRows(stream: FeatureStream, positiveWeight: number | null, rng: Rng): TrainRows {
  const { length, positives, schema } = stream;
  const ofPositive = positiveWeight ?? (length - positives) / positives;
  return {
    length,
    totalWeight: length - positives + ofPositive * positives,
    shape: ({ dimension }, size) => ({ schema, dimension, size }),
    async *epoch(epoch) {
      const order = rng.fork('order', epoch);
      let block = 0;
      for await (const features of stream.blocks(order)) {
        checkFeatures(features, 'fitCtr train');
        const rows = order.fork('block', block).shuffle(Int32Array.from({ length: features.length }, (_, row) => row));
        yield { features, rows, weights: rowWeights(features.labels, undefined, ofPositive) };
        block += 1;
      }
    },
  };
}
