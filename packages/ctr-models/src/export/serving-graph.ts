import { spec, type TensorSpec } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { Backbone, ParameterTree } from '../backbones/backbone.js';
import {
  denseFeatures,
  eventsFeatures,
  frequencies,
  lengths,
  numericFeatures,
  tableFeatures,
  type FeatureSchema,
  type NumericFeature,
  type TableFeature,
} from '../features/schema.js';
import { listOf } from '../features/check-schema.js';
import { featureBatch } from '../model/batch.js';
import { sharedValues, type Searches } from '../model/shared-values.js';
import type { TableLayout } from '../tables/embedding-table.js';
import type { EventIds } from '../tables/read-events.js';
import { present, readPooled, readRows, withZeros } from '../tables/read-rows.js';

/** What a served model takes, by feature name; past events by `<feature>.<field>`. */
export type RawInputs<L> = Readonly<Record<string, L>>;

/** Lengths that the graph tells apart: a bound on its size where `maxLength` is as good as none. */
const LONGEST_LIST = 1 << 20;

/**
 * The specs of the raw inputs: ids int32 [batch] or [batch, length] with -1 behind the last, numbers float32 [batch] as the data has them
 * (NaN for a missing one), dense vectors float32 [batch, dimension] as the encoder gave them. Past events come field by field:
 * [batch, length], and [batch, length, values] for sets of values.
 *
 * @param sizeOf a size for each free dimension by its name: `batch`, `<input>_length`, and of past events `<feature>_length` and
 * `<input>_values`
 */
export function rawInputSpecs(schema: FeatureSchema, sequences: boolean, sizeOf: (dimension: string) => number): RawInputs<TensorSpec> {
  const batch = sizeOf('batch');
  const inputs = schema.features.flatMap((feature): (readonly [string, TensorSpec])[] => {
    const { kind, name } = feature;
    switch (kind) {
      case 'frequency':
      case 'length':
        return [];
      case 'dense':
        return [[name, spec([batch, feature.dimension])]];
      case 'numeric':
        return [[name, spec([batch])]];
      case 'categorical':
        return [[name, spec([batch], 'int32')]];
      case 'multi-valued':
      case 'sequence':
        return [[name, spec([batch, sizeOf(`${name}_length`)], 'int32')]];
      case 'events':
        return (sequences ? feature.fields : []).map((field) => {
          const shape = [
            batch,
            sizeOf(`${name}_length`),
            ...(field.kind === 'categorical' ? [] : [sizeOf(`${name}.${field.name}_values`)]),
          ];
          return [`${name}.${field.name}`, spec(shape, 'int32')];
        });
    }
  });
  return Object.fromEntries(inputs);
}

/** The whole model as a function of raw inputs: look-ups, pooling, standardization, backbone, sigmoid. Probabilities [batch]. */
export function serve(
  backbone: Backbone,
  schema: FeatureSchema,
  { layouts, dimension: components }: { readonly layouts: readonly TableLayout[]; readonly dimension: number },
  inputs: RawInputs<tf.Tensor>,
  weights: { readonly parameters: ParameterTree; readonly tables: Readonly<Record<string, tf.Tensor>> },
  searches: Searches = {},
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
      return readRows(byId, inputs[feature.of]!) as tf.Tensor2D; // [batch, 1]
    }
    if (feature.kind === 'length') {
      const byCount = lengths(feature, Math.min(listOf(schema, feature).maxLength, LONGEST_LIST));
      const count = tf.sum(present(inputs[feature.of] as tf.Tensor2D), 1, false); // [batch]
      const known = tf.cast(tf.minimum(count, byCount.length - 1), 'int32');
      return readRows(tf.tensor2d(byCount, [byCount.length, 1]), known) as tf.Tensor2D; // [batch, 1]
    }
    const x = inputs[feature.name]!; // [batch]
    return tf.expandDims(tf.where(tf.isNaN(x), tf.scalar(0), standardized(feature, x)), 1); // [batch, 1]
  });
  const dense = denseFeatures(schema).map(({ name, mean, scale }) => {
    return [name, tf.mul(tf.sub(inputs[name]!, tf.tensor([...mean])), scale)] as const; // [batch, dimension]
  });
  const embeddings = rows.map(({ layout, row }) => withZeros(tf.slice(row, [0, 0], [-1, layout.dimension]), components));
  const events = eventsFeatures(schema).map(({ name, fields }) => {
    const ids = fields.map((field): readonly [string, EventIds<tf.Tensor>] => [field.name, { at: inputs[`${name}.${field.name}`]! }]);
    return [name, Object.fromEntries(ids)] as const;
  });
  const shared = eventsFeatures(schema).flatMap(({ name, fields }): (readonly [string, tf.Tensor2D])[] => {
    const field = fields.find((f) => f.name === searches[name]);
    return field === undefined ? [] : [[name, sharedValues(inputs[`${name}.${field.name}`]!, inputs[field.target!]!)]];
  });
  const batch = featureBatch(
    schema,
    {
      ...(backbone.usesEmbeddings ? { embeddings: tf.stack(embeddings, 1) } : {}),
      firstOrder: tf.concat(first, 1),
      tables: weights.tables,
    },
    {
      ...(numbers.length > 0 ? { numeric: tf.concat(numbers, 1) } : {}),
      dense: Object.fromEntries(dense),
      ...(backbone.usesSequences ? { events: Object.fromEntries(events), shared: Object.fromEntries(shared) } : {}),
    },
    layouts,
  );
  return tf.reshape(tf.sigmoid(backbone.logits(weights.parameters, batch)), [-1]);
}

/** The table row of single ids, or the pooled rows of lists: [batch, width]. */
function lookUp(feature: TableFeature, table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  if (feature.kind === 'categorical') return readRows(table, ids) as tf.Tensor2D;
  return readPooled(table, ids, feature.kind === 'sequence' ? 'mean' : feature.pooling) as tf.Tensor2D;
}

/**
 * `standardize` in float32. The mean is taken away in two parts, what float32 holds of it and the rest: beside a small spread the rounding
 * of a large mean would be as large as the differences between the rows, and near the mean the first subtraction is exact.
 */
function standardized<T extends tf.Tensor>({ mean, standardDeviation }: NumericFeature, x: T): T {
  if (standardDeviation === 0) return tf.zerosLike(x);
  const high = Math.fround(mean);
  return tf.div(tf.sub(tf.sub(x, high), mean - high), standardDeviation);
}
