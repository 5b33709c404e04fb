import * as tf from '@tensorflow/tfjs';
import { fromHeads, perEvent, toHeads } from './attention.js';
import type { Backbone, EventSequence } from './backbone.js';
import { deepInputs, fieldEmbeddings, initFields, EMBEDDING_DEVIATION, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { deepBlocksWithHistory, eventWidths, perHistory, recency } from './history.js';
import { uniform } from './initializers.js';
import { layerNorm } from './layer-norm.js';
import { initMlp, mlp, mlpNoise, type LayerParameters } from './mlp.js';
import {
  initTransformerBlocks,
  linearPerEvent,
  positionsOf,
  transformerOptions,
  type TransformerBlockParameters,
  type TransformerOptions,
} from './transformer.js';

/** Options of {@link bst}; the paper has hidden [1024, 512, 256], 8 heads and one block. */
export interface BstOptions extends DeepOptions, TransformerOptions {}

/** The transformer layer over a list of past events and the target. */
export type BehaviorTransformerParameters = {
  /** From an event to the width of the transformer: [event, width] */
  readonly event: tf.Tensor2D;
  /** From the target: [targets * embedding, width] */
  readonly target: tf.Tensor2D;
  /** By recency: the target first, then the newest event: [maxLength + 1, width] */
  readonly positions: tf.Tensor2D;
  /** The blocks. */
  readonly blocks: readonly TransformerBlockParameters[];
};

/** Parameters of {@link bst}. */
export type BstParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** By events feature. */
  readonly transformers: Readonly<Record<string, BehaviorTransformerParameters>>;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * Behavior Sequence Transformer (Chen et al. 2019, "Behavior Sequence Transformer for E-commerce Recommendation in Alibaba", DLP-KDD): past
 * events and the target attend to one another, and what comes of them enters a ReLU network beside all features.
 *
 * Where the paper has the time before the recommendation as position, a position here is how many events are later, for features know no
 * times; where it lays the outputs of a list of fixed length side by side, the target's output and the mean of the events' enter. A
 * first-order term is added, as in the other backbones here, unless `firstOrder` is false.
 */
export const bst: Backbone<BstParameters, BstOptions> = {
  name: 'bst',
  description: 'BST: a transformer over past events and the target, and a ReLU network',
  options: deepOptions.extend(transformerOptions.shape),
  usesEmbeddings: true,
  usesSequences: true,
  init(schema, given, rng) {
    const width = given.heads * given.headUnits;
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      transformers: perHistory(schema, (feature) => {
        const { event, target } = eventWidths(feature, given, 'bst');
        const stream = rng.fork('transformers', feature.name);
        return {
          event: uniform([event, width], 1 / Math.sqrt(event), stream.fork('event')),
          target: uniform([target, width], 1 / Math.sqrt(target), stream.fork('target')),
          positions: uniform([feature.maxLength + 1, width], EMBEDDING_DEVIATION, stream.fork('positions')),
          blocks: initTransformerBlocks(given, stream),
        };
      }),
      mlp: initMlp({ ...deepBlocksWithHistory(schema, given, () => 2 * width), hidden: given.hidden }, rng.fork('mlp')),
    };
  },
  logits(params, batch) {
    const { fields, transformers, mlp: layers } = params;
    const inputs = deepInputs(fields, fieldEmbeddings(fields, batch), batch); // [batch, features * embedding]
    const histories = Object.entries(transformers).map(([name, each]) => transformed(each, batch.sequences[name]!)); // [batch, 2 * width]
    return plusFirstOrder(params, mlp(layers, tf.concat2d([inputs, ...histories], 1), batch.noise), batch); // [batch, 1]
  },
  noise: mlpNoise,
};

/** The list as two: its events [batch, L, width], and the target [batch, 1, width], which is always there. */
type Events = { readonly past: tf.Tensor3D; readonly target: tf.Tensor3D };

/** The target's output and the mean of the events' outputs, zeros where there are none: [batch, 2 * width]. */
function transformed({ event, target, positions, blocks }: BehaviorTransformerParameters, sequence: EventSequence): tf.Tensor2D {
  const { rows, mask } = sequence;
  const start: Events = {
    past: tf.add(perEvent(rows, event), positionsOf(positions, tf.add(recency(mask), 1))),
    target: tf.add(tf.expandDims(tf.matMul(sequence.target!, target), 1), tf.slice(positions, [0, 0], [1, -1])),
  };
  const end = blocks.reduce((events, block) => transformerBlock(events, block, mask), start);
  const total: tf.Tensor2D = tf.squeeze(tf.matMul(tf.expandDims(mask, 1), end.past), [1]); // [batch, width]
  const mean = tf.div(total, tf.maximum(tf.sum(mask, 1, true), 1));
  return tf.concat2d([tf.squeeze(end.target, [1]), mean as tf.Tensor2D], 1);
}

/** S = LN(E + MH(E)), F = LN(S + LeakyReLU(S W_1 + b_1) W_2 + b_2) (equations 3 to 5). */
function transformerBlock({ past, target }: Events, block: TransformerBlockParameters, mask: tf.Tensor2D): Events {
  const [keys, values] = [block.key, block.value].map((w) => [toHeads(past, w), toHeads(target, w)] as const) as [Pair, Pair];
  const each = (x: tf.Tensor3D): tf.Tensor3D => {
    const s = layerNorm<tf.Tensor3D>(tf.add(x, attend(toHeads(x, block.query), keys, values, mask)), block.attentionNorm);
    const inner: tf.Tensor3D = tf.leakyRelu(linearPerEvent(s, block.first), LEAK);
    const forward = linearPerEvent(inner, block.second);
    return layerNorm<tf.Tensor3D>(tf.add(s, forward), block.forwardNorm);
  };
  return { past: each(past), target: each(target) };
}

/** PyTorch's slope of LeakyReLU below zero. */
const LEAK = 0.01;

type Pair = readonly [past: tf.Tensor4D, target: tf.Tensor4D];

/**
 * softmax(Q K^T / sqrt(d)) V over events and target (equation 1), summed in two parts: a list one longer than L would be of a length that an
 * exported graph cannot compute. [batch, L or 1, width]
 */
function attend(queries: tf.Tensor4D, keys: Pair, values: Pair, mask: tf.Tensor2D): tf.Tensor3D {
  const there = tf.expandDims(tf.expandDims(mask, 1), 2); // [batch, 1, 1, L]
  const scale = 1 / Math.sqrt(queries.shape[3]);
  const [past, target] = keys.map((key) => tf.mul(tf.matMul(queries, key, false, true), scale)) as [tf.Tensor4D, tf.Tensor4D];
  const known = tf.sub(tf.mul(past, there), tf.mul(tf.sub(1, there), 1e9)); // [batch, heads, queries, L]
  const largest = tf.relu(tf.sub(tf.max(known, 3, true), target)); // of all scores, less the target's
  const [ofPast, ofTarget] = [tf.exp(tf.sub(tf.sub(known, target), largest)), tf.exp(tf.neg(largest))];
  const sum = tf.add(tf.sum(ofPast, 3, true), ofTarget); // [batch, heads, queries, 1]
  const combined = tf.add(tf.matMul(ofPast, values[0]), tf.mul(ofTarget, values[1]));
  return fromHeads(tf.div(combined, sum));
}
