import * as tf from '@tensorflow/tfjs';
import { counts, floats, integers, kernel, shaped, truths, values, type KernelCase } from './kernel-case.js';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const unary = (run: Unary, low = -2, high = 2, tolerance?: number): KernelCase[] => [
  { inputs: [floats([3, 5], low, high)], run, ...(tolerance === undefined ? {} : { tolerance }) },
];

/** A binary operation on equal shapes, with broadcasting both ways, and with a scalar. */
const binary = (run: Binary, low = -2, high = 2, broken?: string): KernelCase[] => [
  { inputs: [floats([3, 4], low, high), floats([3, 4], low + 0.01, high)], run },
  { inputs: [floats([3, 1, 2], low, high), floats([4, 1], low, high)], run, ...(broken === undefined ? {} : { noGradient: broken }) },
  { inputs: [floats([], low, high), floats([2, 3], low, high)], run, ...(broken === undefined ? {} : { noGradient: broken }) },
];
const UNREDUCED = 'tfjs does not sum its gradient over broadcast axes';
const ofIntegers = (run: Binary): KernelCase => ({ inputs: [integers([4, 3], -7, 8), counts(-3, 2, 5)], run });
const logical = (run: Binary): KernelCase[] => [{ inputs: [truths([4, 3]), truths([3])], run }];
const specials = values(NaN, Infinity, -Infinity, 0, -1.5);

/** Cases of arithmetic, comparisons, elementwise functions and activations. */
export const elementwiseCases = {
  Add: [...binary(tf.add), ofIntegers(tf.add), { inputs: [floats([3]), integers([3], 0, 5)], run: tf.add }],
  Sub: [...binary(tf.sub), ofIntegers(tf.sub)],
  Multiply: [...binary(tf.mul), ofIntegers(tf.mul)],
  RealDiv: binary(tf.div, 0.5, 3),
  Maximum: [...binary(tf.maximum, -2, 2, UNREDUCED), ofIntegers(tf.maximum)],
  Minimum: [...binary(tf.minimum, -2, 2, UNREDUCED), ofIntegers(tf.minimum)],
  Pow: [...binary(tf.pow, 0.5, 3), { inputs: [floats([5])], run: (x: tf.Tensor) => tf.pow(x, 2) }],
  FloorDiv: [
    { inputs: [integers([40], -20, 21), integers([40], 1, 6)], run: tf.floorDiv },
    { inputs: [integers([40], -20, 21), integers([40], -6, 0)], run: tf.floorDiv },
    { inputs: [floats([9]), floats([9], 0.5, 1.5)], run: tf.floorDiv },
  ],
  Mod: [
    ...binary(tf.mod, 0.5, 3),
    { inputs: [floats([9], -4, 4), floats([9], -3, -1)], run: tf.mod },
    { inputs: [integers([40], -20, 21), integers([40], 1, 6)], run: tf.mod },
    { inputs: [integers([40], -20, 21), integers([40], -6, 0)], run: tf.mod },
  ],
  SquaredDifference: binary(tf.squaredDifference, -2, 2, UNREDUCED),
  Atan2: [...binary(tf.atan2), { inputs: [values(0, 0, 1, -1, 0), values(1, -1, 0, 0, 0)], run: tf.atan2 }],
  AddN: [{ inputs: [floats([2, 3]), floats([2, 3], 0, 1), floats([2, 3], -5, 5)], run: (...terms) => tf.addN(terms) }],
  BitwiseAnd: [{ inputs: [integers([9], 0, 64), integers([9], 0, 32)], run: tf.bitwiseAnd }],

  Equal: [...binary(tf.equal), ofIntegers(tf.equal), ...logical(tf.equal)],
  NotEqual: [...binary(tf.notEqual), ofIntegers(tf.notEqual)],
  Greater: [...binary(tf.greater), ofIntegers(tf.greater), { inputs: [floats([4]), integers([4], -1, 2)], run: tf.greater }],
  GreaterEqual: [...binary(tf.greaterEqual), ofIntegers(tf.greaterEqual)],
  Less: [...binary(tf.less), ofIntegers(tf.less)],
  LessEqual: [...binary(tf.lessEqual), ofIntegers(tf.lessEqual)],
  LogicalAnd: logical(tf.logicalAnd),
  LogicalOr: logical(tf.logicalOr),
  LogicalXor: [
    {
      inputs: [truths([4]), { ...truths([4]), data: Uint8Array.of(0, 0, 1, 1) }],
      run: (a, b) => kernel('LogicalXor', { a, b }),
      expected: [[...truths([4]).data].map((bit, i) => bit ^ (i > 1 ? 1 : 0))],
    },
  ],
  LogicalNot: [{ inputs: [truths([5])], run: tf.logicalNot }],
  IsNan: [{ inputs: [specials], run: tf.isNaN }],
  IsInf: [{ inputs: [specials], run: tf.isInf }],
  IsFinite: [
    { inputs: [specials], run: tf.isFinite },
    { inputs: [counts(1, 2)], run: tf.isFinite },
  ],
  Select: [
    { inputs: [truths([3, 4]), floats([3, 4]), floats([3, 4], 0, 1)], run: (c, t, e) => tf.where(c, t, e) },
    { inputs: [truths([3, 1]), floats([3, 4]), floats([3, 4], 0, 1)], run: (c, t, e) => tf.where(c, t, e) },
    // tfjs's cpu kernel repeats the first element of a row here
    {
      inputs: [counts(1, 0), shaped(values(1, 2, 3, 4), 2, 2), shaped(values(5, 6, 7, 8), 2, 2)],
      run: (c, t, e) => kernel('Select', { condition: tf.cast(c, 'bool'), t: t, e: e }),
      expected: [[1, 2, 7, 8]],
    },
    {
      inputs: [truths([6]), truths([6]), { ...truths([6]), data: Uint8Array.of(1, 1, 1, 0, 0, 0) }],
      run: (c, t, e) => tf.where(c, t, e),
    },
  ],

  Abs: [...unary(tf.abs), { inputs: [integers([5], -4, 5)], run: tf.abs }],
  Neg: [...unary(tf.neg), { inputs: [integers([5], -4, 5)], run: tf.neg }],
  Sign: [...unary(tf.sign), { inputs: [values(-2, 0, 3)], run: tf.sign }],
  Square: [...unary(tf.square), { inputs: [integers([5], -4, 5)], run: tf.square }],
  Ceil: unary(tf.ceil, -5, 5),
  Floor: unary(tf.floor, -5, 5),
  Round: [...unary(tf.round, -5, 5), { inputs: [values(0.5, 1.5, 2.5, -0.5, -1.5)], run: tf.round }],
  Acos: unary(tf.acos, -0.9, 0.9),
  Acosh: unary(tf.acosh, 1.1, 4),
  Asin: unary(tf.asin, -0.9, 0.9),
  Asinh: unary(tf.asinh),
  Atan: unary(tf.atan),
  Atanh: unary(tf.atanh, -0.9, 0.9),
  Cos: unary(tf.cos, -7, 7),
  Cosh: unary(tf.cosh),
  Sin: unary(tf.sin, -7, 7),
  Sinh: unary(tf.sinh),
  Tan: unary(tf.tan, -1.2, 1.2),
  Tanh: unary(tf.tanh),
  Erf: unary(tf.erf),
  Exp: [...unary(tf.exp), { inputs: [counts(-1, 0, 2)], run: tf.exp }],
  Log: unary(tf.log, 0.1, 5),
  Sqrt: unary(tf.sqrt, 0.1, 5),
  Reciprocal: unary(tf.reciprocal, 0.5, 3),
  Sigmoid: [...unary(tf.sigmoid, -5, 5), { inputs: [values(-100, -30, 30, 100)], run: tf.sigmoid }],
  Softplus: [...unary(tf.softplus, -5, 5), { inputs: [values(-100, -30, 30, 100)], run: tf.softplus }],
  Expm1: [...unary(tf.expm1), { inputs: [values(1e-6, -1e-5, 3e-8)], run: (x: tf.Tensor) => tf.mul(tf.expm1(x), 1e6) }],
  Log1p: [...unary(tf.log1p, -0.8, 3), { inputs: [values(1e-6, -1e-5, 3e-8)], run: (x: tf.Tensor) => tf.mul(tf.log1p(x), 1e6) }],
  Rsqrt: unary(tf.rsqrt, 0.2, 5),
  Step: [...unary(tf.step), ...unary((x) => tf.step(x, 0.3))],
  Cast: [
    { inputs: [floats([7], -3, 3)], run: (x) => tf.cast(x, 'int32'), noGradient: 'integers' },
    { inputs: [values(0, -1, 0.5)], run: (x) => tf.cast(x, 'bool'), noGradient: 'bools' },
    { inputs: [truths([4])], run: (x) => tf.cast(x, 'float32') },
    { inputs: [integers([4], -5, 5)], run: (x) => tf.cast(x, 'float32') },
  ],

  Relu: unary(tf.relu),
  Relu6: unary(tf.relu6, -3, 9),
  Elu: unary(tf.elu),
  EluGrad: [{ inputs: [floats([6]), floats([6], -0.9, 2)], run: (dy, y) => kernel('EluGrad', { dy: dy, y: y }) }],
  Selu: unary(tf.selu),
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.3)),
  Prelu: [
    { inputs: [floats([3, 4]), floats([4], 0, 1)], run: (x, alpha) => tf.prelu(x, alpha) },
    { inputs: [floats([3, 4]), floats([3, 4], 0, 1)], run: (x, alpha) => tf.prelu(x, alpha) },
  ],
  ClipByValue: [...unary((x) => tf.clipByValue(x, -1, 0.5)), { inputs: [integers([6], -9, 9)], run: (x) => tf.clipByValue(x, -3, 4) }],
  Softmax: [...unary((x) => tf.softmax(x), -9, 9), { inputs: [floats([2, 3, 4])], run: (x) => tf.softmax(x) }],
  LogSoftmax: [
    {
      inputs: [values(1, 2, 3)],
      run: (logits) => kernel('LogSoftmax', { logits: logits }, { axis: -1 }),
      expected: [[-2.40760596, -1.40760596, -0.40760596]],
    },
  ],
} satisfies Record<string, readonly KernelCase[]>;
