import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import type { Value } from '../graph.js';
import { lower, type Lowering } from './lowering.js';

/** A function of reals: other types are cast to float32 first, as tfjs does. */
function real(op: string | ((x: Value, g: GraphBuilder) => Value)): Lowering {
  return lower<tf.UnaryInputs>(({ x }, _, g) => {
    const input = g.cast(x, 'float32');
    return typeof op === 'string' ? g.unary(op, input) : op(input, g);
  });
}

/** A function of numbers that keeps integers integers. */
function numeric(op: string | ((x: Value, g: GraphBuilder) => Value)): Lowering {
  return lower<tf.UnaryInputs>(({ x }, _, g) => {
    const input = x.dtype === 'bool' ? g.cast(x, 'int32') : x;
    return typeof op === 'string' ? g.unary(op, input) : op(input, g);
  });
}

/** A rounding: integers stay as they are. */
function rounding(op: string): Lowering {
  return lower<tf.UnaryInputs>(({ x }, _, g) => (x.dtype === 'float32' ? g.unary(op, x) : x));
}

/** `e^x - 1` without cancellation near 0: `2 tanh(x/2) / (1 - tanh(x/2))`. */
export function expMinusOne(x: Value, g: GraphBuilder): Value {
  const t = g.unary('Tanh', g.binary('Mul', x, g.scalar(0.5)));
  const near = g.binary('Div', g.binary('Mul', t, g.scalar(2)), g.binary('Sub', g.scalar(1), t));
  const far = g.binary('Sub', g.unary('Exp', x), g.scalar(1));
  return g.where(g.binary('Less', g.unary('Abs', x), g.scalar(0.5), 'bool'), near, far);
}

/** `log(1 + x)` without cancellation near 0: `2 artanh(x / (2 + x))`. */
function logOnePlus(x: Value, g: GraphBuilder): Value {
  const near = g.binary('Mul', g.unary('Atanh', g.binary('Div', x, g.binary('Add', x, g.scalar(2)))), g.scalar(2));
  const far = g.unary('Log', g.binary('Add', x, g.scalar(1)));
  return g.where(g.binary('Less', g.unary('Abs', x), g.scalar(0.5), 'bool'), near, far);
}

/** 1 above zero, 0 elsewhere, and NaN of NaN, which a comparison would lose: it costs no more than comparing and casting. */
function positive(x: Value, g: GraphBuilder): Value {
  return g.unary('Ceil', g.op('Clip', [x, g.scalar(0), g.scalar(1)], x));
}

/** Elementwise functions of one tensor. */
export const unary = {
  Abs: numeric('Abs'),
  Neg: numeric('Neg'),
  Sign: numeric((x, g) =>
    x.dtype === 'float32'
      ? g.where(g.op('IsNaN', [x], { shape: x.shape, dtype: 'bool' }), g.scalar(0), g.unary('Sign', x))
      : g.unary('Sign', x),
  ),
  Square: numeric((x, g) => g.binary('Mul', x, x)),
  Ceil: rounding('Ceil'),
  Floor: rounding('Floor'),
  Round: rounding('Round'),
  Acos: real('Acos'),
  Acosh: real('Acosh'),
  Asin: real('Asin'),
  Asinh: real('Asinh'),
  Atan: real('Atan'),
  Atanh: real('Atanh'),
  Cos: real('Cos'),
  Cosh: real('Cosh'),
  Sin: real('Sin'),
  Sinh: real('Sinh'),
  // near its poles a single bit of the argument counts: ONNX Runtime's own Tan is off by more than that
  Tan: lower<tf.UnaryInputs>(({ x }, _, g) => {
    const wide = g.cast(x, 'float64');
    return g.cast(g.binary('Div', g.unary('Sin', wide), g.unary('Cos', wide)), 'float32');
  }),
  Tanh: real('Tanh'),
  Erf: real('Erf'),
  // an integer's exponential may be large, where ONNX Runtime's Exp is off by a bit
  Exp: lower<tf.UnaryInputs>(({ x }, _, g) =>
    x.dtype === 'float32' ? g.unary('Exp', x) : g.cast(g.unary('Exp', g.cast(x, 'float64')), 'float32'),
  ),
  Log: real('Log'),
  Sqrt: real('Sqrt'),
  Reciprocal: real('Reciprocal'),
  Softplus: real('Softplus'),
  Expm1: real(expMinusOne),
  Log1p: real(logOnePlus),
  Rsqrt: real((x, g) => g.unary('Reciprocal', g.unary('Sqrt', x))),
  Step: lower<tf.StepInputs, tf.StepAttrs>(({ x }, { alpha = 0 }, g) => {
    const steps = x.dtype === 'float32' ? positive(x, g) : g.unary('Relu', g.unary('Sign', g.cast(x, 'int32')));
    return alpha === 0 ? steps : g.binary('Add', g.binary('Mul', steps, g.scalar(1 - alpha)), g.scalar(alpha));
  }),
  Cast: lower<tf.CastInputs, tf.CastAttrs>(({ x }, { dtype }, g) => g.cast(x, dtype as 'float32' | 'int32' | 'bool')),
};
