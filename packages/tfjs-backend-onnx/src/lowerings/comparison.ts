import type * as tf from '@tensorflow/tfjs';
import type { GraphBuilder } from '../builder.js';
import type { Value } from '../graph.js';
import { matched } from './arithmetic.js';
import { lower, type Lowering } from './lowering.js';

/** A comparison; ONNX orders numbers only, so bools are compared as 0 and 1. */
function comparison(op: string, negated = false): Lowering {
  return lower<tf.BinaryInputs>(({ a, b }, _, g) => {
    const [x, y] = matched(ordered(a, g), ordered(b, g), g);
    const result = g.binary(op, x, y, 'bool');
    return negated ? g.unary('Not', result) : result;
  });
}

function ordered(x: Value, g: GraphBuilder): Value {
  return x.dtype === 'bool' ? g.cast(x, 'int32') : x;
}

function logical(op: string): Lowering {
  return lower<tf.BinaryInputs>(({ a, b }, _, g) => g.binary(op, g.cast(a, 'bool'), g.cast(b, 'bool'), 'bool'));
}

/** A test of floats; integers are finite and are numbers. */
function floatTest(test: (x: Value, g: GraphBuilder) => Value, otherwise: number): Lowering {
  return lower<tf.UnaryInputs>(({ x }, _, g) => (x.dtype === 'float32' ? test(x, g) : g.expand(g.scalar(otherwise, 'bool'), x.shape)));
}

/** Comparisons, logic and the choice between two tensors. */
export const comparisons = {
  Equal: comparison('Equal'),
  NotEqual: comparison('Equal', true),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  LogicalNot: lower<tf.LogicalNotInputs>(({ x }, _, g) => g.unary('Not', g.cast(x, 'bool'))),
  IsNan: floatTest((x, g) => g.op('IsNaN', [x], { shape: x.shape, dtype: 'bool' }), 0),
  IsInf: floatTest((x, g) => g.op('IsInf', [x], { shape: x.shape, dtype: 'bool' }), 0),
  IsFinite: floatTest((x, g) => g.binary('Less', g.unary('Abs', x), g.scalar(Infinity), 'bool'), 1),
  Select: lower<tf.SelectInputs>(({ condition, t, e }, _, g) => {
    // a condition of rank 1 chooses whole rows
    const rows = condition.shape.length === 1 && t.shape.length > 1;
    const chooser = rows ? g.reshape(condition, [condition.shape[0]!, ...t.shape.slice(1).map(() => 1)]) : condition;
    return g.where(g.cast(chooser, 'bool'), ...matched(t, e, g));
  }),
};
