import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { float, int, type Value } from '../graph.js';
import { lower } from './lowering.js';

function clip(x: Value, low: number, high: number, g: GraphBuilder): Value {
  return g.op('Clip', [x, g.scalarLike(low, x), g.scalarLike(high, x)], x);
}

function prelu(x: Value, alpha: Value, g: GraphBuilder): Value {
  // ONNX's PRelu broadcasts the slope only, tfjs both
  return g.where(g.binary('Less', x, g.scalar(0), 'bool'), g.binary('Mul', x, alpha), x);
}

/** The activations that tfjs's fused kernels take by name. */
export function activate(
  x: Value,
  activation: string | undefined,
  alpha: number | undefined,
  slopes: Value | undefined,
  g: GraphBuilder,
): Value {
  switch (activation) {
    case undefined:
    case 'linear':
      return x;
    case 'relu':
      return g.unary('Relu', x);
    case 'relu6':
      return clip(x, 0, 6, g);
    case 'elu':
      return g.unary('Elu', x, { alpha: float(1) });
    case 'sigmoid':
      return g.unary('Sigmoid', x);
    case 'leakyrelu':
      return g.unary('LeakyRelu', x, { alpha: float(alpha ?? 0.2) });
    case 'prelu':
      if (slopes !== undefined) return prelu(x, slopes, g);
  }
  throw new RangeError(`no activation is called ${activation}`);
}

function lastAxis(x: Value, axis: number): { axis: ReturnType<typeof int> } {
  return { axis: int(axis < 0 ? axis + x.shape.length : axis) };
}

/** Activation functions. */
export const activations = {
  Relu: lower<tf.ReluInputs>(({ x }, _, g) => g.unary('Relu', x.dtype === 'bool' ? g.cast(x, 'int32') : x)),
  Relu6: lower<tf.Relu6Inputs>(({ x }, _, g) => clip(x, 0, 6, g)),
  Elu: lower<tf.EluInputs>(({ x }, _, g) => g.unary('Elu', x, { alpha: float(1) })),
  EluGrad: lower<tf.EluGradInputs>(({ dy, y }, _, g) =>
    g.where(g.binary('GreaterOrEqual', y, g.scalar(0), 'bool'), dy, g.binary('Mul', dy, g.binary('Add', y, g.scalar(1)))),
  ),
  Selu: lower<tf.SeluInputs>(({ x }, _, g) => g.unary('Selu', x)),
  LeakyRelu: lower<tf.LeakyReluInputs, tf.LeakyReluAttrs>(({ x }, { alpha }, g) =>
    g.unary('LeakyRelu', g.cast(x, 'float32'), { alpha: float(alpha) }),
  ),
  Prelu: lower<tf.PreluInputs>(({ x, alpha }, _, g) => prelu(g.cast(x, 'float32'), g.cast(alpha, 'float32'), g)),
  ClipByValue: lower<tf.ClipByValueInputs, tf.ClipByValueAttrs>(({ x }, { clipValueMin, clipValueMax }, g) =>
    clip(x, clipValueMin, clipValueMax, g),
  ),
  Softmax: lower<tf.SoftmaxInputs, tf.SoftmaxAttrs>(({ logits }, { dim }, g) => g.unary('Softmax', logits, lastAxis(logits, dim))),
  LogSoftmax: lower<tf.LogSoftmaxInputs, tf.LogSoftmaxAttrs>(({ logits }, { axis }, g) =>
    g.unary('LogSoftmax', logits, lastAxis(logits, axis)),
  ),
};
