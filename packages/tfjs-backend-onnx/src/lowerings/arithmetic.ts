import type * as tf from '@tensorflow/tfjs';
import { broadcastShape, type GraphBuilder } from '../builder.js';
import { int, type Value } from '../graph.js';
import { lower, lowerList, type Lowering } from './lowering.js';

/** A binary kernel that is one ONNX operator of the inputs' common type. */
function binary(op: string): Lowering {
  return lower<tf.BinaryInputs>(({ a, b }, _, g) => {
    // ONNX has no arithmetic on bool; tfjs does it on 0 and 1
    if (a.dtype === 'bool' && b.dtype === 'bool') return g.cast(g.binary(op, g.cast(a, 'int32'), g.cast(b, 'int32')), 'bool');
    const [x, y] = matched(a, b, g);
    return g.binary(op, x, y);
  });
}

/** Both values in the type that tfjs would compute in. */
export function matched(a: Value, b: Value, g: GraphBuilder): [Value, Value] {
  if (a.dtype === b.dtype) return [a, b];
  const dtype = a.dtype === 'float32' || b.dtype === 'float32' ? 'float32' : 'int32';
  return [g.cast(a, dtype), g.cast(b, dtype)];
}

/** `a mod b` with the sign of `b`, as tfjs has it. */
function flooredModulo(a: Value, b: Value, g: GraphBuilder): Value {
  const type = { shape: broadcastShape(a.shape, b.shape), dtype: a.dtype };
  if (a.dtype !== 'float32') return g.op('Mod', [a, b], type);
  // for floats ONNX has C's fmod only, whose sign is that of `a`
  const remainder = g.op('Mod', [a, b], type, { fmod: int(1) });
  const zero = g.scalarLike(0, a);
  const signsDiffer = g.binary('Xor', g.binary('Less', remainder, zero, 'bool'), g.binary('Less', b, zero, 'bool'), 'bool');
  const nonZero = g.unary('Not', g.binary('Equal', remainder, zero, 'bool'));
  return g.where(g.binary('And', signsDiffer, nonZero, 'bool'), g.binary('Add', remainder, b), remainder);
}

function flooredQuotient(a: Value, b: Value, g: GraphBuilder): Value {
  if (a.dtype === 'float32') return g.unary('Floor', g.binary('Div', a, b));
  // integer division truncates: after the modulo is taken away, it is exact
  return g.binary('Div', g.binary('Sub', a, flooredModulo(a, b, g)), b);
}

/** The angle of (x, y), by quadrants: ONNX has only the arctangent of a ratio. */
function angle(y: Value, x: Value, g: GraphBuilder): Value {
  const zero = g.scalar(0);
  const [pi, half] = [g.scalar(Math.PI), g.scalar(Math.PI / 2)];
  const ratio = g.unary('Atan', g.binary('Div', y, x));
  const left = g.binary('Add', ratio, g.where(g.binary('Less', y, zero, 'bool'), g.unary('Neg', pi), pi));
  const upright = g.where(
    g.binary('Greater', y, zero, 'bool'),
    half,
    g.where(g.binary('Less', y, zero, 'bool'), g.unary('Neg', half), zero),
  );
  const angles = g.where(g.binary('Greater', x, zero, 'bool'), ratio, g.where(g.binary('Less', x, zero, 'bool'), left, upright));
  // comparisons are false of NaN, so the choices above lose it
  const isNan = (value: Value): Value => g.op('IsNaN', [value], { shape: value.shape, dtype: 'bool' });
  return g.where(g.binary('Or', isNan(y), isNan(x), 'bool'), g.scalar(NaN), angles);
}

/** Binary kernels on numbers. */
export const arithmetic = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  // tfjs gives integers, also for floats
  FloorDiv: lower<tf.BinaryInputs>(({ a, b }, _, g) => g.cast(flooredQuotient(...matched(a, b, g), g), 'int32')),
  Mod: lower<tf.BinaryInputs>(({ a, b }, _, g) => flooredModulo(...matched(a, b, g), g)),
  SquaredDifference: lower<tf.BinaryInputs>(({ a, b }, _, g) => {
    const difference = g.binary('Sub', ...matched(a, b, g));
    return g.binary('Mul', difference, difference);
  }),
  Atan2: lower<tf.BinaryInputs>(({ a, b }, _, g) => angle(a, b, g)),
  AddN: lowerList((terms, _, g) => terms.slice(1).reduce((sum, term) => g.binary('Add', sum, term), terms[0]!)),
  BitwiseAnd: lower<tf.BinaryInputs>(({ a, b }, _, g) => g.binary('BitwiseAnd', a, b)),
};
