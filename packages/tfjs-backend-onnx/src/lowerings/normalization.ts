import type * as tf from '@tensorflow/tfjs';
import { lower } from './lowering.js';

/** Normalization with given statistics. */
export const normalization = {
  FusedBatchNorm: lower<
    { x: tf.TensorInfo; mean: tf.TensorInfo; variance: tf.TensorInfo; scale?: tf.TensorInfo; offset?: tf.TensorInfo },
    tf.FusedBatchNormAttrs
  >(({ x, mean, variance, scale, offset }, { varianceEpsilon }, g) => {
    const deviation = g.unary('Sqrt', g.binary('Add', variance, g.scalar(varianceEpsilon)));
    const normal = g.binary('Div', g.binary('Sub', x, mean), deviation);
    const scaled = scale === undefined ? normal : g.binary('Mul', normal, scale);
    return offset === undefined ? scaled : g.binary('Add', scaled, offset);
  }),
};
