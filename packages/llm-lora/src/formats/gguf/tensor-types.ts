import { expandBfloat16, expandHalf } from '../reduced-floats.js';
import { dequantizeIQ4_NL, dequantizeIQ4_XS } from './dequantize-iq4.js';
import { dequantizeQ2_K, dequantizeQ3_K, dequantizeQ4_K, dequantizeQ5_K, dequantizeQ6_K } from './dequantize-k.js';
import { dequantizeQ4_0, dequantizeQ4_1, dequantizeQ5_0, dequantizeQ5_1, dequantizeQ8_0 } from './dequantize.js';

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
  6: { name: 'Q5_0', blockSize: 32, blockBytes: 22, expand: dequantizeQ5_0 },
  7: { name: 'Q5_1', blockSize: 32, blockBytes: 24, expand: dequantizeQ5_1 },
  8: { name: 'Q8_0', blockSize: 32, blockBytes: 34, expand: dequantizeQ8_0 },
  10: { name: 'Q2_K', blockSize: 256, blockBytes: 84, expand: dequantizeQ2_K },
  11: { name: 'Q3_K', blockSize: 256, blockBytes: 110, expand: dequantizeQ3_K },
  12: { name: 'Q4_K', blockSize: 256, blockBytes: 144, expand: dequantizeQ4_K },
  13: { name: 'Q5_K', blockSize: 256, blockBytes: 176, expand: dequantizeQ5_K },
  14: { name: 'Q6_K', blockSize: 256, blockBytes: 210, expand: dequantizeQ6_K },
  20: { name: 'IQ4_NL', blockSize: 32, blockBytes: 18, expand: dequantizeIQ4_NL },
  23: { name: 'IQ4_XS', blockSize: 256, blockBytes: 136, expand: dequantizeIQ4_XS },
  30: { name: 'BF16', blockSize: 1, blockBytes: 2, expand: (bytes, target, offset) => expandBfloat16(uint16(bytes), target, offset) },
};

/** Names of the types that are not read, so that an error can say which one a file has. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  21: 'IQ3_S',
  22: 'IQ2_S',
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
