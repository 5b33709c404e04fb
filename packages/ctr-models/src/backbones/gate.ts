import * as tf from '@tensorflow/tfjs';
import type { FeatureBatch, HostParameters } from './backbone.js';
import { zeros } from './initializers.js';

/** Parameters of the gate of a dense vector. */
export type GateParameters = {
  /** What the row's ids say of it: [table features * embedding, embedding] */
  readonly ids: tf.Tensor2D;
  /** What the vector says of itself: [dimension, embedding] */
  readonly vector: tf.Tensor2D;
  /** [embedding] */
  readonly bias: tf.Tensor1D;
};

/** All zeros: the gate starts at 1, as if there were none. */
export function initGate(ids: number, dimension: number, embedding: number): HostParameters<GateParameters> {
  return { ids: zeros([ids, embedding]), vector: zeros([dimension, embedding]), bias: zeros([embedding]) };
}

/**
 * A projected vector z P by how far it is to be trusted in this row: 2 sigmoid(x V + z W + b) * z P, component by component, with x the
 * embeddings of the row's ids: [batch, embedding]. The form of gates in FinalMLP (Mao et al. 2023, equation 7), between 0 and 2.
 */
export function gated(gate: GateParameters, projected: tf.Tensor2D, vector: tf.Tensor2D, { embeddings }: FeatureBatch): tf.Tensor2D {
  const ids: tf.Tensor2D = tf.reshape(embeddings, [embeddings.shape[0], -1]); // [batch, table features * embedding]
  const said = tf.add(tf.matMul(ids, gate.ids), tf.matMul(vector, gate.vector)); // [batch, embedding]
  return tf.mul(tf.mul(2, tf.sigmoid(tf.add(said, gate.bias))), projected);
}
