import type { Rng } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { CtrError } from '../errors.js';
import type { FeatureSchema } from '../features/schema.js';
import type { BackboneOptions, HostParameters } from './backbone.js';
import { deepBlocks, fieldNames } from './fields.js';
import { oneBlock, uniform, uniformBlocks, zeros } from './initializers.js';
import { linear, type LayerParameters } from './mlp.js';

/** A gate over all features. */
export type FeatureGateParameters = {
  /** The weights of the fields that it reads, by their position among the fields: [embedding, units]; none where it reads none. */
  readonly fields: Readonly<Record<string, tf.Tensor2D>>;
  /** [units]; where it reads no field, this is what is learned. */
  readonly bias: tf.Tensor1D;
  /** From the units to a factor for each component. */
  readonly output: LayerParameters;
};

/** g = 2 sigmoid(Gate(x)), Gate a ReLU network on the embeddings of its fields (equations 5 and 6): [batch or 1, width]. */
export function selection({ fields, bias, output }: FeatureGateParameters, embeddings: tf.Tensor3D): tf.Tensor2D {
  const read = Object.entries(fields).map(([position, weights]) => {
    const field: tf.Tensor2D = tf.squeeze(tf.slice(embeddings, [0, Number(position), 0], [-1, 1, -1]), [1]); // [batch, embedding]
    return tf.matMul(field, weights);
  });
  const hidden: tf.Tensor2D = tf.relu(read.length === 0 ? tf.expandDims(bias, 0) : tf.add(tf.addN(read), bias)); // [batch or 1, units]
  return tf.mul(2, tf.sigmoid(linear(hidden, output)));
}

/**
 * A gate near 1.
 * @param given of the backbone; `fields` are those that the gate reads, `option` names them
 * @throws CtrError `CTR_OPTION` for a field that is not there
 */
export function initFeatureGate(
  schema: FeatureSchema,
  given: BackboneOptions & { readonly gateUnits: number },
  { fields, option }: { readonly fields: readonly string[]; readonly option: string },
  rng: Rng,
): HostParameters<FeatureGateParameters> {
  const { gateUnits, embeddingDimension, fusion } = given;
  const names = fieldNames(schema, fusion);
  const weights = fields.map((name): readonly [string, HostTensor] => {
    const position = names.indexOf(name);
    if (position < 0) {
      throw new CtrError('CTR_OPTION', `${option} names '${name}', which is no field`, {
        where: 'finalmlp',
        expected: `any of ${names.join(', ')}`,
      });
    }
    return [
      String(position),
      uniform([embeddingDimension, gateUnits], Math.sqrt(2 / (fields.length * embeddingDimension)), rng.fork(name)),
    ];
  });
  const { blocks, blockWidth } = deepBlocks(schema, given);
  const columns = { names: blocks, width: blockWidth };
  return {
    fields: Object.fromEntries(weights),
    // Of a constant that starts at zero ReLU would let nothing through, and nothing would ever be learned.
    bias: fields.length === 0 ? uniform([gateUnits], 1 / Math.sqrt(gateUnits), rng.fork('constant')) : zeros([gateUnits]),
    output: {
      weights: uniformBlocks(oneBlock(gateUnits), columns, 1 / Math.sqrt(gateUnits), rng.fork('output')),
      bias: zeros([blocks.length * blockWidth]),
    },
  };
}
