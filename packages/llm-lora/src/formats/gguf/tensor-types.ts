import { expandBfloat16, expandHalf } from '../reduced-floats.js';
import { dequantizeQ4_0, dequantizeQ4_1, dequantizeQ8_0 } from './dequantize.js';

/** Turns stored bytes (whole blocks) into float32 values from index `offset` of `target` on. */
export type Expand = (bytes: Uint8Array, target: Float32Array, offset: number) => void;

/** A way to store weights. */
export interface TensorType {
  /** Its name in ggml. */
  readonly name: string;
  /** Weights in a block. */
  readonly blockSize: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Reads blocks. */
  readonly expand: Expand;
}

const uint16 = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);

/** The types that are read, by their number in the file (`ggml_type`); one line each. */
export const TENSOR_TYPES: Readonly<Record<number, TensorType>> = {
  0: {
    name: 'F32',
    blockSize: 1,
    blockBytes: 4,
    expand: (bytes, target, offset) => new Uint8Array(target.buffer, target.byteOffset).set(bytes, offset * 4),
  },
  1: { name: 'F16', blockSize: 1, blockBytes: 2, expand: (bytes, target, offset) => expandHalf(uint16(bytes), target, offset) },
  2: { name: 'Q4_0', blockSize: 32, blockBytes: 18, expand: dequantizeQ4_0 },
  3: { name: 'Q4_1', blockSize: 32, blockBytes: 20, expand: dequantizeQ4_1 },
  8: { name: 'Q8_0', blockSize: 32, blockBytes: 34, expand: dequantizeQ8_0 },
  30: { name: 'BF16', blockSize: 1, blockBytes: 2, expand: (bytes, target, offset) => expandBfloat16(uint16(bytes), target, offset) },
};

/** Names of the types that are not read, so that an error can say which one a file has. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  6: 'Q5_0',
  7: 'Q5_1',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
  40: 'NVFP4',
};

/** The name of a tensor type, also of one that is not read. */
export function tensorTypeName(type: number): string {
  return TENSOR_TYPES[type]?.name ?? OTHER_TYPES[type] ?? `number ${type}`;
}
