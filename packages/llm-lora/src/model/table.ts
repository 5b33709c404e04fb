import { frozenCombination, frozenRows, type FrozenTable, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { StoredTensor } from '../formats/host-tensor.js';
import { halfValues } from '../formats/reduced-floats.js';
import type { Matrix } from './linear.js';

/** Rows of a table as float32. @param tokens [count] int32 @returns [count, width] */
export function tableRows(table: Matrix<tf.Tensor>, tokens: tf.Tensor1D): tf.Tensor2D {
  return table instanceof tf.Tensor ? tf.gather(table as tf.Tensor2D, tokens) : frozenRows(table as FrozenTable<tf.Tensor>, tokens);
}

/** Sums of the rows of a table, weighted by p. @param p [rows, count] @param width of the table @returns [rows, width] */
export function tableSums(p: tf.Tensor2D, table: Matrix<tf.Tensor>, width: number): tf.Tensor2D {
  return table instanceof tf.Tensor ? tf.matMul(p, table) : frozenCombination(p, table, width);
}

/** A table in JavaScript memory as the columns that hold it. */
function columnsOf(table: StoredTensor): { values: HostTensor; scales: HostTensor | null } {
  if ('data' in table) return { values: table, scales: null };
  if ('rows' in table) return { values: table.rows, scales: table.scales };
  if ('float16' in table) return { values: table.float16, scales: null };
  if (table.float32 !== undefined && !('scales' in table)) return { values: table.float32, scales: null };
  throw new TypeError('a matrix by column is no table'); // tables are stored by quantizeTable alone
}

/** Components of a row. */
export function tableWidth(table: StoredTensor): number {
  return columnsOf(table).values.shape[1]!;
}

/** Rows of a table in JavaScript memory, side by side. @returns [tokens.length * width] */
export function hostRows(table: StoredTensor, tokens: Int32Array): Float32Array {
  const { values, scales } = columnsOf(table);
  const width = values.shape[1]!;
  const halves = values.dtype === 'float16' ? halfValues() : null;
  const rows = new Float32Array(tokens.length * width);
  tokens.forEach((token, row) => {
    const stored = values.data.subarray(token * width, (token + 1) * width);
    const scale = scales === null ? 1 : scales.data[token]!;
    for (let i = 0; i < width; i += 1) rows[row * width + i] = (halves === null ? stored[i]! : halves[stored[i]!]!) * scale;
  });
  return rows;
}

/** Consecutive rows of a table as views of its memory. @param size of a part */
export function tableParts<T extends StoredTensor>(table: T, size: number): T[] {
  const { values, scales } = columnsOf(table);
  const [count, width] = values.shape as [number, number];
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => {
    const [first, last] = [part * size, Math.min(count, (part + 1) * size)];
    const rows = { ...values, data: values.data.subarray(first * width, last * width), shape: [last - first, width] };
    if ('data' in table) return rows as unknown as T;
    if (scales === null) return { [values.dtype]: rows } as unknown as T;
    return { rows, scales: { ...scales, data: scales.data.subarray(first, last), shape: [last - first] } } as unknown as T;
  });
}
