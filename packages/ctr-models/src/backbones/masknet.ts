import { atMost, type Rng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { tableFeatures, type FeatureSchema } from '../features/schema.js';
import type { Backbone, BackboneOptions, DropoutMask, HostParameters } from './backbone.js';
import { deepBlocks, deepInputs, fieldEmbeddings, initFields, type FieldParameters } from './fields.js';
import { deepOptions, initFirstOrder, plusFirstOrder, type DeepOptions, type FirstOrderParameters } from './first-order.js';
import { filled, oneBlock, uniform, uniformBlocks, zeros } from './initializers.js';
import { initLayerNorm, layerNorm, type LayerNormParameters } from './layer-norm.js';
import { dropoutName, dropped, initMlp, linear, mlp, mlpNoise, type LayerParameters } from './mlp.js';

/** Options of {@link maskNet}. */
export interface MaskNetOptions extends DeepOptions {
  /** How blocks stand. Default `parallel`. */
  readonly structure: 'parallel' | 'serial';
  /** Mask blocks. Default 3. */
  readonly blocks: number;
  /** Units of a block. Default 64. */
  readonly blockUnits: number;
  /** Units between the embeddings and a mask. Default 128. */
  readonly maskUnits: number;
}

const units = (of: string, fallback: number) =>
  z
    .int()
    .min(1)
    .max(65_536, atMost(65_536, 'a layer has as many weights as the product of its units and those before'))
    .default(fallback)
    .describe(of);

const options = deepOptions.extend({
  structure: z
    .enum(['parallel', 'serial'])
    .default('parallel')
    .describe('parallel = blocks on the embeddings, and a ReLU network (hidden) on all of them; serial = each block on the one before'),
  blocks: z.int().min(1).max(64, atMost(64, 'each block multiplies by a mask once more')).default(3).describe('mask blocks'),
  blockUnits: units('units of a mask block', 64),
  maskUnits: units('units between the embeddings and a mask; the paper takes twice as many as the mask has, or more', 128),
});

/** A mask block from `in` to `units` units. */
export type MaskBlockParameters = {
  /** Aggregation: [embeddings, mask units] */
  readonly aggregation: LayerParameters;
  /** Projection: [mask units, in] */
  readonly projection: LayerParameters;
  /** W: [in, units] */
  readonly weights: tf.Tensor2D;
  /** LN_HID */
  readonly norm: LayerNormParameters;
};

/** Parameters of {@link maskNet}. */
export type MaskNetParameters = FirstOrderParameters & {
  /** Embeddings of what is not in a table. */
  readonly fields: FieldParameters;
  /** LN_EMB of each table feature: [table features, embedding] */
  readonly norm: LayerNormParameters;
  /** The mask blocks. */
  readonly blocks: readonly MaskBlockParameters[];
  /** From the last block to the logit, where blocks stand one on the other. */
  readonly output?: LayerParameters;
  /** Hidden layers and the output layer on all blocks, where they stand side by side. */
  readonly mlp?: readonly LayerParameters[];
};

/**
 * MaskNet (Wang et al. 2021, "MaskNet: Introducing Feature-Wise Multiplication to CTR Ranking Models by Instance-Guided Mask", DLP-KDD):
 * blocks that multiply what they see by a mask computed from the row's own embeddings, one on the other or side by side.
 *
 * Embeddings of ids are normalized as in the paper. Those of numbers and vectors are not: their length says how much, and a vector
 * whose projection starts at zero would be blown up. Masks start near 1. A first-order term is added, as in the other backbones here,
 * unless `firstOrder` is false.
 */
export const maskNet: Backbone<MaskNetParameters, MaskNetOptions> = {
  name: 'masknet',
  description: "MaskNet: blocks that multiply embeddings by masks computed from the row's own embeddings",
  options,
  usesEmbeddings: true,
  init(schema, given, rng) {
    const { structure, blocks, blockUnits, hidden, embeddingDimension } = given;
    const names = Array.from({ length: blocks }, (_, block) => `block ${block}`);
    const top =
      structure === 'serial'
        ? { output: { weights: uniform([blockUnits, 1], 1 / Math.sqrt(blockUnits), rng.fork('output')), bias: zeros([1]) } }
        : { mlp: initMlp({ blocks: names, blockWidth: blockUnits, silentBlocks: 0, hidden }, rng.fork('mlp')) };
    return {
      ...initFirstOrder(schema, given),
      fields: initFields(schema, given, rng.fork('fields')),
      norm: initLayerNorm([tableFeatures(schema).length, embeddingDimension]),
      blocks: names.map((name, block) => initBlock(schema, given, structure === 'serial' && block > 0, rng.fork(name))),
      ...top,
    };
  },
  logits(params, batch) {
    const { fields, norm, blocks, output, mlp: layers } = params;
    const embeddings = fieldEmbeddings(fields, batch); // [batch, fields, embedding]
    const emb = deepInputs(fields, embeddings, batch); // V_emb: [batch, width]
    const ids = batch.embeddings.shape[1];
    const others = tf.slice(embeddings, [0, ids, 0], [-1, embeddings.shape[1] - ids, -1]);
    const normalized =
      ids === embeddings.shape[1] ? layerNorm(embeddings, norm) : tf.concat([layerNorm(batch.embeddings, norm), others], 1);
    const input = deepInputs(fields, normalized, batch); // LN_EMB(V_emb)
    const run = (x: tf.Tensor2D, block: MaskBlockParameters, at: number): tf.Tensor2D =>
      dropped(maskBlock(block, emb, x), batch.noise?.[dropoutName(at, 'block')]);
    const sideBySide = (): tf.Tensor2D =>
      tf.concat2d(
        blocks.map((block, at) => run(input, block, at)),
        1,
      ); // [batch, blocks * units]
    const logits = output === undefined ? mlp(layers!, sideBySide(), batch.noise) : linear(blocks.reduce(run, input), output);
    return plusFirstOrder(params, logits, batch); // [batch, 1]
  },
  noise({ structure, blocks, blockUnits, dropout, hidden }): Readonly<Record<string, DropoutMask>> {
    const widths = Array.from({ length: blocks }, () => blockUnits);
    return { ...mlpNoise({ hidden: widths, dropout }, 'block'), ...(structure === 'parallel' ? mlpNoise({ hidden, dropout }) : {}) };
  },
};

/** V_output = ReLU(LN_HID(W (V_mask * x))), V_mask = W_2 ReLU(W_1 V_emb + b_1) + b_2: [batch, units]. */
function maskBlock({ aggregation, projection, weights, norm }: MaskBlockParameters, emb: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D {
  const mask = linear(tf.relu(linear(emb, aggregation)), projection); // [batch, in]
  return tf.relu(layerNorm(tf.matMul(tf.mul(mask, x), weights), norm));
}

/** He initialization before ReLU; the bias of a mask is 1. */
function initBlock(
  schema: FeatureSchema,
  given: MaskNetOptions & BackboneOptions,
  onBlock: boolean,
  rng: Rng,
): HostParameters<MaskBlockParameters> {
  const { blockUnits, maskUnits } = given;
  const { blocks, blockWidth, silentBlocks } = deepBlocks(schema, given);
  const emb = { names: blocks, width: blockWidth };
  const heard = (blocks.length - silentBlocks) * blockWidth;
  const inputs = onBlock ? oneBlock(blockUnits) : emb;
  const deviation = Math.sqrt(2 / (onBlock ? blockUnits : heard));
  return {
    aggregation: {
      weights: uniformBlocks(emb, oneBlock(maskUnits), Math.sqrt(2 / heard), rng.fork('aggregation')),
      bias: zeros([maskUnits]),
    },
    projection: {
      weights: uniformBlocks(oneBlock(maskUnits), inputs, 1 / Math.sqrt(maskUnits), rng.fork('projection')),
      bias: filled([inputs.names.length * inputs.width], 1),
    },
    weights: uniformBlocks(inputs, oneBlock(blockUnits), deviation, rng.fork('weights')),
    norm: initLayerNorm([blockUnits]),
  };
}
