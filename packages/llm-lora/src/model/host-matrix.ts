import { turnRows, type FrozenFormat } from '@expctr/tfjs-backend-onnx';
import type { LinearLayer } from '../families/layout.js';
import type { StoredTensor } from '../formats/host-tensor.js';
import { halfValues } from '../formats/reduced-floats.js';

/** Numbers that share one scale in int4. */
const BLOCK = 32;

/** A matrix in JavaScript memory, however it is stored: [out, in], read row by row. */
export interface HostMatrix {
  /** [out, in] */
  readonly shape: readonly [number, number];
  /** Writes row `row` as float32. @param target [in] */
  readonly readRow: (row: number, target: Float32Array) => void;
}

/** The numbers that products with a stored matrix are taken with. */
export function hostMatrix(stored: StoredTensor): HostMatrix {
  if ('data' in stored) return byRows(stored.shape, (at) => stored.data[at]!);
  if ('float16' in stored) {
    const halves = halfValues();
    const { data, shape } = stored.float16;
    return byRows(shape, (at) => halves[data[at]!]!);
  }
  if ('rows' in stored) {
    const { rows, scales } = stored;
    return byRows(rows.shape, (at, row) => rows.data[at]! * scales.data[row]!);
  }
  if ('int8' in stored || 'uint8' in stored) {
    const [{ data, shape }, zero] = 'int8' in stored ? [stored.int8, 0] : [stored.uint8, 128];
    const { data: scales } = stored.scales;
    const [inner, out] = shape as [number, number];
    return {
      shape: [out, inner],
      readRow(row, target) {
        for (let k = 0; k < inner; k += 1) target[k] = (data[k * out + row]! - zero) * scales[row]!;
        turnRows(target.subarray(0, inner), inner);
      },
    };
  }
  if ('int4' in stored) return int4Matrix(stored.int4, stored.scales);
  return byRows(stored.float32.shape, (at) => stored.float32.data[at]!);
}

/** @param inner numbers of a row, which the packed form does not say @throws RangeError for a width that does not fit */
export function hostMatrixOf(stored: StoredTensor, inner: number): HostMatrix {
  const { shape, readRow } = hostMatrix(stored);
  if (shape[1] < inner) throw new RangeError(`rows of ${shape[1]} numbers for ${inner}`);
  if (shape[1] === inner) return { shape, readRow };
  const whole = new Float32Array(shape[1]); // the last block of int4 is filled up
  return {
    shape: [shape[0], inner],
    readRow(row, target) {
      readRow(row, whole);
      target.set(whole.subarray(0, inner));
    },
  };
}

function byRows(shape: readonly number[], value: (at: number, row: number) => number): HostMatrix {
  const [out, inner] = shape as [number, number];
  return {
    shape: [out, inner],
    readRow(row, target) {
      for (let k = 0; k < inner; k += 1) target[k] = value(row * inner + k, row);
    },
  };
}

function int4Matrix(
  { data, shape }: { readonly data: ArrayLike<number>; readonly shape: readonly number[] },
  scales: { readonly data: ArrayLike<number> },
): HostMatrix {
  const [out, blocks] = shape as [number, number, number];
  return {
    shape: [out, blocks * BLOCK],
    readRow(row, target) {
      for (let block = 0; block < blocks; block += 1) {
        const first = row * blocks + block;
        for (let i = 0; i < BLOCK; i += 1) {
          const byte = data[first * (BLOCK / 2) + (i >> 1)]!;
          target[block * BLOCK + i] = ((i % 2 === 0 ? byte & 15 : byte >> 4) - 8) * scales.data[first]!;
        }
      }
    },
  };
}

/** The length of each row, [out] float32. @param inner as in {@link hostMatrixOf} */
export function rowNorms(stored: StoredTensor, inner: number): Float32Array {
  const { shape, readRow } = hostMatrixOf(stored, inner);
  const row = new Float32Array(inner);
  return Float32Array.from({ length: shape[0] }, (_, index) => {
    readRow(index, row);
    let sum = 0;
    for (let k = 0; k < inner; k += 1) sum += row[k]! * row[k]!;
    return Math.sqrt(sum);
  });
}

type Linears = readonly { readonly [key: string]: StoredTensor }[];

/** {@link rowNorms} of a model's linear layers by block and name, each computed once. */
export function matrixNorms(linears: Linears, layers: readonly LinearLayer[]): (index: number, key: string) => Float32Array {
  const known = new Map<string, Float32Array>();
  const widths = new Map(layers.map((layer) => [layer.key, layer.in]));
  return (index, key) => {
    const name = `${index}.${key}`;
    const norms = known.get(name) ?? rowNorms(linears[index]![key]!, widths.get(key)!);
    known.set(name, norms);
    return norms;
  };
}

/** How the linear layers of a model are stored; all are alike. */
export function storedFormat([first = {}]: Linears): FrozenFormat {
  const matrix = Object.values(first)[0];
  if (matrix === undefined || 'data' in matrix) return 'float32';
  if ('int8' in matrix || 'uint8' in matrix || 'rows' in matrix) return 'int8';
  return 'int4' in matrix ? 'int4' : 'float16' in matrix ? 'float16' : 'float32';
}
