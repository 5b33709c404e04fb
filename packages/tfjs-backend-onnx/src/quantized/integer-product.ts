import type { GraphBuilder } from '../builder.js';
import { constantValue } from '../constants.js';
import { int, MICROSOFT, type Value } from '../graph.js';

/** Zero of unsigned activations: ONNX Runtime's fast kernels want them unsigned. */
export const ZERO = 128;

/** Smallest scale of a row: a row of zeros is divided by it. */
export const SMALLEST_SCALE = 1e-30;

/** x [rows, in] by row as uint8 around {@link ZERO}, and the value of one unit in each row, [rows, 1]. */
export function quantizeRows(x: Value, g: GraphBuilder): { q: Value; scales: Value } {
  const rows = x.shape[0]!;
  const largest = g.reduce('ReduceMax', g.unary('Abs', x), [1], true); // [rows, 1]
  const scales = g.binary('Max', g.binary('Mul', largest, g.scalar(1 / 127)), g.scalar(SMALLEST_SCALE));
  const zeros = constantValue(new Uint8Array(rows).fill(ZERO), [rows], 'uint8');
  const q = g.op('QuantizeLinear', [x, g.reshape(scales, [rows]), zeros], { shape: x.shape, dtype: 'uint8' }, { axis: int(0) });
  return { q, scales };
}

/** (q - 128) (w - zero), times the scales of the columns of w: exact sums of integers. @param w [in, out] int8 or uint8 */
export function integerProduct(q: Value, w: Value, columnScales: Value, zero: number, g: GraphBuilder): Value {
  const scalar = (value: number, dtype: 'uint8' | 'int8'): Value =>
    constantValue(dtype === 'int8' ? Int8Array.of(value) : Uint8Array.of(value), [], dtype);
  const zeros = [scalar(ZERO, 'uint8'), scalar(zero, w.dtype as 'uint8' | 'int8')];
  const type = { shape: [q.shape[0]!, w.shape[1]!], dtype: 'float32' as const };
  return g.op('MatMulIntegerToFloat', [q, w, g.scalar(1), columnScales, ...zeros], type, {}, MICROSOFT);
}
