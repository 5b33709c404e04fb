import * as tf from '@tensorflow/tfjs';
import { broadcastShape, type GraphBuilder } from '../builder.js';
import { int, MICROSOFT, string, type Value } from '../graph.js';
import { activate } from './activations.js';
import { lower, lowerList } from './lowering.js';

/** `op(a) op(b)` over the last two axes, batch axes broadcast. */
export function matrixProduct(a: Value, b: Value, transposeA: boolean, transposeB: boolean, g: GraphBuilder): Value {
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const [left, right] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  if (a.shape.length < 2 || b.shape.length < 2 || left !== right) {
    const shown = [a, b].map(({ shape }) => `[${shape.join(',')}]`).join(' and ');
    throw new RangeError(`there is no matrix product of ${shown} with transposeA ${transposeA} and transposeB ${transposeB}`);
  }
  const shape = [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
  const type = { shape, dtype: a.dtype };
  if (!transposeA && !transposeB) return g.op('MatMul', [a, b], type);
  if (a.dtype !== 'float32') return g.op('MatMul', [transposeA ? exchanged(a, g) : a, transposeB ? exchanged(b, g) : b], type);
  return g.op('FusedMatMul', [a, b], type, { transA: int(Number(transposeA)), transB: int(Number(transposeB)) }, MICROSOFT);
}

function exchanged(x: Value, g: GraphBuilder): Value {
  const rank = x.shape.length;
  return g.transpose(
    x,
    [...x.shape.keys()].map((axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis)),
  );
}

/** Products of matrices. */
export const matrixProducts = {
  BatchMatMul: lower<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(({ a, b }, { transposeA, transposeB }, g) =>
    matrixProduct(a, b, transposeA, transposeB, g),
  ),
  _FusedMatMul: lower<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(({ a, b, bias, preluActivationWeights }, attributes, g) => {
    const product = matrixProduct(a, b, attributes.transposeA, attributes.transposeB, g);
    const shifted = bias === undefined ? product : g.binary('Add', product, bias);
    return activate(shifted, attributes.activation, attributes.leakyreluAlpha, preluActivationWeights, g);
  }),
  Einsum: lowerList<tf.EinsumAttrs>((operands, { equation }, g) => {
    const { allDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, operands.length);
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as unknown as tf.Tensor[]);
    const [terms = '', result = ''] = equation.replaceAll(' ', '').split('->');
    const sizes = new Map<string, number>();
    terms.split(',').forEach((term, i) => [...term].forEach((letter, axis) => sizes.set(letter, operands[i]!.shape[axis]!)));
    const shape = [...result].map((letter) => sizes.get(letter)!);
    return g.op('Einsum', operands, { shape, dtype: operands[0]!.dtype }, { equation: string(equation) });
  }),
};
