import { checkOptions, type OptionKeys } from '@expctr/core';
import { TraceError } from '../errors.js';
import type { HostTensor } from '../tensors.js';
import { toFloat16 } from './float16.js';
import type { FrozenFormat, HostFrozenMatrix, HostFrozenTable } from './frozen-matrix.js';
import { turnRows } from './hadamard.js';
import { ZERO } from './integer-product.js';
import { uint8TimesInt8Saturates } from './saturation.js';

/** Numbers that share one scale in int4. */
export const BLOCK = 32;

/** How to store a frozen matrix. */
export interface QuantizeOptions {
  /** Whether the float32 values stay beside the small ones, for the gradient. Default false. */
  readonly float32Backward?: boolean;
}

const QUANTIZE_OPTIONS: OptionKeys<QuantizeOptions> = { float32Backward: true };

/**
 * Stores a matrix for {@link frozenMatMul}. int8 is symmetric with one scale for each output, of rows whose stretches of 32 numbers are
 * turned by Hadamard's matrix (where 32 divides `in`); int4 (symmetric, blocks of 32 inputs) is the form of ONNX Runtime's MatMulNBits. The first int8 matrix runs a probe of the processor: see {@link FrozenMatrix}.
 * @param matrix [out, in] float32 @throws {@link TraceError} when it is not
 */
export async function quantize(matrix: HostTensor, format: FrozenFormat, parameters: QuantizeOptions = {}): Promise<HostFrozenMatrix> {
  checkOptions('quantize', parameters, QUANTIZE_OPTIONS);
  const { float32Backward = false } = parameters;
  const { values, out, inner } = matrixOf(matrix, 'quantize');
  const backward = float32Backward ? { float32: matrix } : {};
  switch (format) {
    case 'float32':
      return { float32: matrix };
    case 'float16':
      return { float16: { data: toFloat16(values), shape: matrix.shape, dtype: 'float16' }, ...backward };
    case 'int8': {
      return { ...(await byColumns(values.slice(), out, inner)), ...backward };
    }
    case 'int4':
      return { ...byBlock(values, out, inner), ...backward };
  }
}

/**
 * Stores a matrix whose rows are looked up, see {@link frozenRows}: as float32, as float16, or by int8 for each row, for int4 too: a row of
 * a table is a word, of which four bits would leave little.
 * @param table [out, in] float32 @throws {@link TraceError} when it is not
 */
export function quantizeTable(table: HostTensor, format: FrozenFormat): HostFrozenTable {
  const { values, out, inner } = matrixOf(table, 'quantizeTable');
  if (format === 'float32') return { float32: table };
  if (format === 'float16') return { float16: { data: toFloat16(values), shape: table.shape, dtype: 'float16' } };
  const scales = scalesOf(values, out, inner);
  return {
    rows: { data: unitsOf(values, scales), shape: table.shape, dtype: 'int8' },
    scales: { data: scales, shape: [out], dtype: 'float32' },
  };
}

/**
 * A table as a matrix for products by integers, as {@link quantize} makes one of the numbers that the table holds. Other tables are what
 * they are.
 */
export async function tableByColumns(table: HostFrozenTable): Promise<HostFrozenMatrix> {
  if (!('rows' in table)) return table;
  const [out, inner] = table.rows.shape as [number, number];
  const values = Float32Array.from(table.rows.data);
  table.scales.data.forEach((scale, row) => {
    for (let at = row * inner; at < (row + 1) * inner; at += 1) values[at]! *= scale;
  });
  return byColumns(values, out, inner);
}

/** A matrix for products by integers: turned, by column, around 128 on processors that want them so. @param values [out, in], which are overwritten */
async function byColumns(values: Float32Array, out: number, inner: number): Promise<HostFrozenMatrix> {
  turnRows(values, inner);
  const scales = scalesOf(values, out, inner);
  const units = unitsOf(values, scales);
  const shape = [inner, out];
  const scale = { scales: { data: scales, shape: [out], dtype: 'float32' } as const };
  if (await uint8TimesInt8Saturates()) {
    const data = new Uint8Array(units.length);
    transposeInto(data, units, out, ZERO);
    return { uint8: { data, shape, dtype: 'uint8' }, ...scale };
  }
  const data = new Int8Array(units.length);
  transposeInto(data, units, out, 0);
  return { int8: { data, shape, dtype: 'int8' }, ...scale };
}

/** @throws {@link TraceError} when it is none */
function matrixOf({ data, shape, dtype }: HostTensor, where: string): { values: Float32Array; out: number; inner: number } {
  if (dtype !== 'float32' || shape.length !== 2) {
    throw new TraceError('TRACE_UNSUPPORTED_DTYPE', `a tensor ${dtype}[${shape.join(',')}]`, {
      where,
      expected: 'a float32 matrix [out, in]',
    });
  }
  return { values: data as Float32Array, out: shape[0]!, inner: shape[1]! };
}

/** The value of one unit in each row of W: its largest magnitude / 127. */
function scalesOf(values: Float32Array, out: number, inner: number): Float32Array {
  const scales = new Float32Array(out);
  for (let row = 0; row < out; row += 1) {
    let largest = 0;
    for (let k = row * inner; k < (row + 1) * inner; k += 1) largest = Math.max(largest, Math.abs(values[k]!));
    scales[row] = largest / 127;
  }
  return scales;
}

/** Rows that are transposed together: what they write stands side by side in memory. */
const TILE = 64;

/** W [out, in] in units of its rows' scales. */
function unitsOf(values: Float32Array, scales: Float32Array): Int8Array {
  const units = new Int8Array(values.length);
  const inner = values.length / scales.length;
  for (let row = 0; row < scales.length; row += 1) {
    const inverse = scales[row] === 0 ? 0 : Math.fround(1 / scales[row]!);
    // rounded as Math.round does: of what is positive, truncation is the floor; rounding of the scale reaches beyond 127 by millionths
    for (let k = row * inner; k < (row + 1) * inner; k += 1) units[k] = ((values[k]! * inverse + 128.5) | 0) - 128;
  }
  return units;
}

/** Row r becomes column r, with `zero` added. */
function transposeInto(columns: Int8Array | Uint8Array, units: Int8Array, out: number, zero: number): void {
  const inner = columns.length / out;
  for (let first = 0; first < out; first += TILE) {
    const last = Math.min(out, first + TILE);
    for (let k = 0; k < inner; k += 1) {
      for (let row = first; row < last; row += 1) columns[k * out + row] = units[row * inner + k]! + zero;
    }
  }
}

/** In each block the number of largest magnitude becomes -8, which uses all sixteen values. */
function byBlock(values: Float32Array, out: number, inner: number): { int4: HostTensor; scales: HostTensor } {
  const blocks = Math.ceil(inner / BLOCK);
  const packed = new Uint8Array(out * blocks * (BLOCK / 2));
  const scales = new Float32Array(out * blocks);
  for (let block = 0; block < out * blocks; block += 1) {
    const first = Math.floor(block / blocks) * inner + (block % blocks) * BLOCK;
    const size = Math.min(BLOCK, inner - (block % blocks) * BLOCK);
    let extreme = 0;
    for (let i = 0; i < size; i += 1) if (Math.abs(values[first + i]!) > Math.abs(extreme)) extreme = values[first + i]!;
    const scale = Math.fround(extreme / -8);
    scales[block] = scale;
    for (let i = 0; i < BLOCK; i += 1) {
      const value = i < size && scale !== 0 ? values[first + i]! / scale : 0;
      const q = Math.min(15, Math.max(0, Math.round(value) + 8));
      packed[block * (BLOCK / 2) + (i >> 1)]! |= i % 2 === 0 ? q : q << 4;
    }
  }
  return {
    int4: { data: packed, shape: [out, blocks, BLOCK / 2], dtype: 'uint8' },
    scales: { data: scales, shape: [out, blocks], dtype: 'float32' },
  };
}
