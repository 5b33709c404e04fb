import type { GraphBuilder } from '../builder.js';
import { constantValue } from '../constants.js';
import { int, MICROSOFT, type Value } from '../graph.js';

/** Zero of unsigned activations: ONNX Runtime's fast kernels want them unsigned. */
export const ZERO = 128;

/**
 * x [rows, in] by row as uint8 around {@link ZERO}, and the value of one unit in each row, [rows]. A row of zeros has the unit 0, and
 * whatever its integers are, 0 times their products is 0.
 */
function quantizeRows(x: Value, g: GraphBuilder): { q: Value; units: Value } {
  const rows = x.shape[0]!;
  const units = g.binary('Mul', g.reduce('ReduceMax', g.unary('Abs', x), [1], false), g.scalar(1 / 127));
  const zeros = constantValue(new Uint8Array(rows).fill(ZERO), [rows], 'uint8');
  const q = g.op('QuantizeLinear', [x, units, zeros], { shape: x.shape, dtype: 'uint8' }, { axis: int(0) });
  return { q, units };
}

/** x (w - zero) with the rows of x as integers, times the scales of the columns of w. @param x [rows, in] @param w as in {@link integerProduct} */
export function productByIntegers(x: Value, w: Value, columnScales: Value, zero: number, g: GraphBuilder): Value {
  const rows = x.shape[0]!;
  const { q, units } = quantizeRows(x, g);
  if (rows === 1) return integerProduct(q, w, units, columnScales, zero, g);
  return g.binary('Mul', integerProduct(q, w, g.scalar(1), columnScales, zero, g), g.reshape(units, [rows, 1]));
}

/** (q - 128) (w - zero), times one unit and the scales of the columns of w: exact sums of integers. @param w [in, out] int8 or uint8 */
export function integerProduct(q: Value, w: Value, unit: Value, columnScales: Value, zero: number, g: GraphBuilder): Value {
  const scalar = (value: number, dtype: 'uint8' | 'int8'): Value =>
    constantValue(dtype === 'int8' ? Int8Array.of(value) : Uint8Array.of(value), [], dtype);
  const zeros = [scalar(ZERO, 'uint8'), scalar(zero, w.dtype as 'uint8' | 'int8')];
  const type = { shape: [q.shape[0]!, w.shape[1]!], dtype: 'float32' as const };
  return g.op('MatMulIntegerToFloat', [q, w, unit, columnScales, ...zeros], type, {}, MICROSOFT);
}
