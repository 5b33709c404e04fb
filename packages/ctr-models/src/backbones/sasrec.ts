import * as tf from '@tensorflow/tfjs';
import { fromHeads, maskedSoftmax, perEvent, toHeads } from './attention.js';
import type { Backbone, EventSequence } from './backbone.js';
import { deepInputs, fieldEmbeddings, initFields, EMBEDDING_DEVIATION, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { deepBlocksWithHistory, eventWidths, perHistory, recency } from './history.js';
import { uniform } from './initializers.js';
import { initLayerNorm, layerNorm, type LayerNormParameters } from './layer-norm.js';
import { initMlp, mlp, mlpNoise, type LayerParameters } from './mlp.js';
import {
  initTransformerBlocks,
  linearPerEvent,
  positionsOf,
  transformerOptions,
  type TransformerBlockParameters,
  type TransformerOptions,
} from './transformer.js';

/** Options of {@link sasRec}; the paper has two blocks of one head. */
export interface SasRecOptions extends DeepOptions, TransformerOptions {}

/** Self-attention over a list of past events. */
export type SelfAttentionParameters = {
  /** From an event to the width of the blocks: [event, width] */
  readonly event: tf.Tensor2D;
  /** By recency, the newest first: [maxLength, width] */
  readonly positions: tf.Tensor2D;
  /** The blocks. */
  readonly blocks: readonly TransformerBlockParameters[];
  /** The normalization of the last block's outputs. */
  readonly norm: LayerNormParameters;
  /** From the last state to what is multiplied with the target: [width, targets * embedding] */
  readonly relevance: tf.Tensor2D;
};

/** Parameters of {@link sasRec}. */
export type SasRecParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** By events feature. */
  readonly attention: Readonly<Record<string, SelfAttentionParameters>>;
  /** Hidden layers and the output layer. */
  readonly mlp: readonly LayerParameters[];
};

/**
 * Self-attention as in SASRec (Kang and McAuley 2018, "Self-Attentive Sequential Recommendation", ICDM): each past event attends to those
 * before it and to itself; the state at the newest one says what the user is after. As there, its product with the target is how
 * relevant the target is; here it is added to a ReLU network that sees the state beside all features, since a click model has more than
 * items. A first-order term is added, as in the other backbones here, unless `firstOrder` is false.
 */
export const sasRec: Backbone<SasRecParameters, SasRecOptions> = {
  name: 'sasrec',
  description: 'SASRec: causal self-attention over past events, its last state beside the features in a ReLU network',
  options: deepOptions.extend(transformerOptions.shape),
  usesEmbeddings: true,
  usesSequences: true,
  init(schema, given, rng) {
    const width = given.heads * given.headUnits;
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      attention: perHistory(schema, (feature) => {
        const { event, target } = eventWidths(feature, given, 'sasrec');
        const stream = rng.fork('attention', feature.name);
        return {
          event: uniform([event, width], 1 / Math.sqrt(event), stream.fork('event')),
          positions: uniform([feature.maxLength, width], EMBEDDING_DEVIATION, stream.fork('positions')),
          blocks: initTransformerBlocks(given, stream),
          norm: initLayerNorm([width]),
          relevance: uniform([width, target], 1 / Math.sqrt(width), stream.fork('relevance')),
        };
      }),
      mlp: initMlp({ ...deepBlocksWithHistory(schema, given, () => width), hidden: given.hidden }, rng.fork('mlp')),
    };
  },
  logits(params, batch) {
    const { fields, attention, mlp: layers } = params;
    const inputs = deepInputs(fields, fieldEmbeddings(fields, batch), batch); // [batch, features * embedding]
    const states = Object.entries(attention).map(([name, each]) => lastState(each, batch.sequences[name]!)); // [batch, width]
    // r = F_t N_i (equation 8), N_i the target's embedding
    const relevances = Object.entries(attention).map(([name, each], k): tf.Tensor2D =>
      tf.sum(tf.mul(tf.matMul(states[k]!, each.relevance), batch.sequences[name]!.target!), 1, true),
    );
    const deep = mlp(layers, tf.concat2d([inputs, ...states], 1), batch.noise);
    return plusFirstOrder(params, tf.addN([deep, ...relevances]), batch); // [batch, 1]
  },
  noise: mlpNoise,
};

/** The state at the newest event, zeros for a history without events: [batch, width]. */
function lastState({ event, positions, blocks, norm }: SelfAttentionParameters, { rows, mask }: EventSequence): tf.Tensor2D {
  const age = recency(mask); // [batch, L]
  // Event i sees event j where j is no later (causality, section 3.2) and an event at all: [batch, 1, L, L]
  const before = tf.cast(tf.greaterEqual(tf.expandDims(age, 1), tf.expandDims(age, 2)), 'float32');
  const seen = tf.expandDims(tf.mul(before, tf.expandDims(mask, 1)), 1);
  const start: tf.Tensor3D = tf.add(perEvent(rows, event), positionsOf(positions, age)); // E^ = M + P, equation 1
  const states = layerNorm(
    blocks.reduce((x, block) => selfAttentionBlock(x, block, seen), start),
    norm,
  );
  const newest = tf.mul(tf.cast(tf.equal(age, 0), 'float32'), mask); // 1 at the newest event; padding is 0 later, too, and masked
  return tf.squeeze(tf.matMul(tf.expandDims(newest, 1), states), [1]);
}

/** x + g(LN(x)) for g the attention, then the point-wise network (equations 2 to 7 and the residuals of section 3.3). */
function selfAttentionBlock(x: tf.Tensor3D, block: TransformerBlockParameters, seen: tf.Tensor): tf.Tensor3D {
  const normalized = layerNorm(x, block.attentionNorm);
  const scores = tf.matMul(toHeads(normalized, block.query), toHeads(normalized, block.key), false, true); // [batch, heads, L, L]
  const weights = maskedSoftmax<tf.Tensor4D>(tf.div(scores, Math.sqrt(block.query.shape[2])), seen);
  const attended: tf.Tensor3D = tf.add(x, fromHeads(tf.matMul(weights, toHeads(normalized, block.value))));
  const forward = linearPerEvent(tf.relu(linearPerEvent(layerNorm(attended, block.forwardNorm), block.first)), block.second);
  return tf.add(attended, forward);
}
