import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import { float, int, type Value } from '../graph.js';
import { lower } from './lowering.js';
import { expMinusOne } from './unary.js';

function clip(x: Value, low: number, high: number, g: GraphBuilder): Value {
  return g.op('Clip', [x, g.scalarLike(low, x), g.scalarLike(high, x)], x);
}

function prelu(x: Value, alpha: Value, g: GraphBuilder): Value {
  // ONNX's PRelu broadcasts the slope only, tfjs both
  return g.where(g.binary('Less', x, g.scalar(0), 'bool'), g.binary('Mul', x, alpha), x);
}

/**
 * `1 / (1 + e^-x)`. ONNX Runtime's own Sigmoid on the CPU is a rational function that is exact beside 1 only: off by 2e-4 of the value at -8,
 * by all of it at -17, and 0 from -18 on. This one holds until `e^-x` is no float32 (x < -88.7), where the value is below 3e-39 and becomes 0.
 */
function sigmoid(x: Value, g: GraphBuilder): Value {
  return g.unary('Reciprocal', g.binary('Add', g.unary('Exp', g.unary('Neg', x)), g.scalar(1)));
}

/** `e^x - 1` below 0, x elsewhere. ONNX Runtime's own Elu and Selu subtract the 1, which leaves nothing of a small x. */
function elu(x: Value, g: GraphBuilder): Value {
  return g.where(g.binary('Less', x, g.scalar(0), 'bool'), expMinusOne(x, g), x);
}

// Klambauer et al. 2017, "Self-Normalizing Neural Networks", as tfjs has them
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

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
      return elu(x, g);
    case 'sigmoid':
      return sigmoid(x, g);
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
  Elu: lower<tf.EluInputs>(({ x }, _, g) => elu(x, g)),
  Sigmoid: lower<tf.SigmoidInputs>(({ x }, _, g) => sigmoid(g.cast(x, 'float32'), g)),
  EluGrad: lower<tf.EluGradInputs>(({ dy, y }, _, g) =>
    g.where(g.binary('GreaterOrEqual', y, g.scalar(0), 'bool'), dy, g.binary('Mul', dy, g.binary('Add', y, g.scalar(1)))),
  ),
  Selu: lower<tf.SeluInputs>(({ x }, _, g) =>
    g.where(
      g.binary('Less', x, g.scalar(0), 'bool'),
      g.binary('Mul', expMinusOne(x, g), g.scalar(SELU_SCALE * SELU_ALPHA)),
      g.binary('Mul', x, g.scalar(SELU_SCALE)),
    ),
  ),
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
