import { spec, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { Backbone, FeatureBatch, ParameterTree } from '../backbones/backbone.js';
import {
  denseFeatures,
  frequencies,
  numericFeatures,
  tableFeatures,
  type FeatureSchema,
  type NumberFeature,
  type TableFeature,
} from '../features/schema.js';
import type { EmbeddingTable } from '../tables/embedding-table.js';

/** What a served model takes, by feature name. */
export type RawInputs<L> = Readonly<Record<string, L>>;

/** Layout of a table, without its numbers. */
export type TableLayout = Pick<EmbeddingTable, 'name' | 'dimension' | 'features' | 'width' | 'rows'>;

/**
 * The specs of the raw inputs for a batch: ids int32 [batch] or [batch, length] with -1 behind the last, numbers float32 [batch] as the
 * data has them (NaN for a missing one), dense vectors float32 [batch, dimension] as the encoder gave them.
 */
export function rawInputSpecs(schema: FeatureSchema, batch: number, length: number): RawInputs<TensorSpec> {
  return Object.fromEntries(
    schema.features
      .filter(({ kind }) => kind !== 'frequency' && kind !== 'length')
      .map((feature) => {
        if (feature.kind === 'dense') return [feature.name, spec([batch, feature.dimension])];
        if (feature.kind === 'numeric') return [feature.name, spec([batch])];
        return [feature.name, spec(feature.kind === 'categorical' ? [batch] : [batch, length], 'int32')];
      }),
  );
}

/** The whole model as a function of raw inputs: look-ups, pooling, standardization, backbone, sigmoid. Probabilities [batch]. */
export function serve(
  backbone: Backbone,
  schema: FeatureSchema,
  layouts: readonly TableLayout[],
  inputs: RawInputs<tf.Tensor>,
  weights: { readonly parameters: ParameterTree; readonly tables: Readonly<Record<string, tf.Tensor>> },
): tf.Tensor1D {
  const rows = tableFeatures(schema).map((feature) => {
    const layout = layouts.find(({ name }) => name === feature.table)!;
    return { layout, feature, row: lookUp(feature, weights.tables[feature.table]!, inputs[feature.name]!) };
  });
  const first = rows.map(({ layout: { dimension, features }, feature, row }) => {
    return tf.slice(row, [0, dimension + features.indexOf(feature.name)], [-1, 1]); // [batch, 1]
  });
  const numbers = numericFeatures(schema).map((feature): tf.Tensor2D => {
    if (feature.kind === 'frequency') {
      const byId = tf.tensor2d(frequencies(feature), [feature.counts.length, 1]);
      return tf.gather(byId, known(inputs[feature.of]!)); // [batch, 1]
    }
    if (feature.kind === 'length') return standardized(feature, tf.log1p(tf.sum(present(inputs[feature.of]!), 1, true))); // [batch, 1]
    const x = inputs[feature.name]!; // [batch]
    return tf.expandDims(standardized(feature, tf.where(tf.isNaN(x), tf.fill([1], feature.mean), x)), 1); // [batch, 1]
  });
  const dense = denseFeatures(schema).map(({ name, mean, scale }) => {
    return [name, tf.mul(tf.sub(inputs[name]!, tf.tensor([...mean])), scale)] as const; // [batch, dimension]
  });
  const batch = {
    ...(backbone.usesEmbeddings
      ? {
          embeddings: tf.stack(
            rows.map(({ layout, row }) => tf.slice(row, [0, 0], [-1, layout.dimension])),
            1,
          ),
        }
      : {}),
    firstOrder: tf.concat(first, 1),
    ...(numbers.length > 0 ? { numeric: tf.concat(numbers, 1) } : {}),
    dense: Object.fromEntries(dense),
  } as unknown as FeatureBatch;
  return tf.reshape(tf.sigmoid(backbone.logits(weights.parameters, batch)), [-1]);
}

/** The table row of single ids, or the pooled rows of lists: [batch, width]. */
function lookUp(feature: TableFeature, table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  const rows = tf.gather(table, known(ids));
  if (feature.kind === 'categorical') return rows as tf.Tensor2D;
  const entries = present(ids); // [batch, length]
  const sum: tf.Tensor2D = tf.sum(tf.mul(rows, tf.expandDims(entries, 2)), 1); // [batch, width]
  if (feature.kind === 'multi-valued' && feature.pooling === 'sum') return sum;
  return tf.div(sum, tf.maximum(tf.sum(entries, 1, true), 1));
}

/** Ids with those below 0, which are no entries, exchanged for a row that exists. */
function known(ids: tf.Tensor): tf.Tensor1D {
  return tf.maximum(ids, tf.scalar(0, 'int32'));
}

/** 1 for entries of a list, 0 for its padding: [batch, length]. */
function present(ids: tf.Tensor): tf.Tensor2D {
  return tf.cast(tf.greaterEqual(ids, tf.scalar(0, 'int32')), 'float32');
}

function standardized<T extends tf.Tensor>({ mean, standardDeviation }: NumberFeature, x: T): T {
  return tf.mul(tf.sub(x, mean), standardDeviation > 0 ? 1 / standardDeviation : 0);
}
