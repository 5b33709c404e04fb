import { spec, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { Backbone, FeatureBatch, ParameterTree } from '../backbones/backbone.js';
import { denseFeatures, frequencies, numericFeatures, tableFeatures, type FeatureSchema, type TableFeature } from '../features/schema.js';
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
      .filter(({ kind }) => kind !== 'frequency')
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
  const numbers = numericFeatures(schema).map((feature) => {
    if (feature.kind === 'frequency') {
      const byId = tf.tensor2d(frequencies(feature), [feature.counts.length, 1]);
      return tf.gather(byId, tf.maximum(inputs[feature.of]!, tf.scalar(0, 'int32')) as tf.Tensor1D); // [batch, 1]
    }
    const { name, mean, standardDeviation } = feature;
    const scale = standardDeviation > 0 ? 1 / standardDeviation : 0;
    const x = inputs[name]!; // [batch]
    const standardized = tf.mul(tf.sub(tf.where(tf.isNaN(x), tf.fill([1], mean), x), mean), scale);
    return tf.expandDims(standardized, 1); // [batch, 1]
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

/** The table row of single ids, or the pooled rows of lists: [batch, width]. Ids below 0 are no entries. */
function lookUp(feature: TableFeature, table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  const rows = tf.gather(table, tf.maximum(ids, tf.scalar(0, 'int32')) as tf.Tensor1D);
  if (feature.kind === 'categorical') return rows as tf.Tensor2D;
  const present = tf.cast(tf.greaterEqual(ids, tf.scalar(0, 'int32')), 'float32'); // [batch, length]
  const sum: tf.Tensor2D = tf.sum(tf.mul(rows, tf.expandDims(present, 2)), 1); // [batch, width]
  if (feature.kind === 'multi-valued' && feature.pooling === 'sum') return sum;
  return tf.div(sum, tf.maximum(tf.sum(present, 1, true), 1));
}
