import { toHalf } from '../reduced-floats.js';

/** Ways of storing a tensor that are written. */
export type WrittenType = 'F32' | 'F16' | 'Q8_0';

/** How a type is written. */
export interface StoredGguf {
  /** `ggml_type` of ggml.h. */
  readonly code: number;
  /** Bytes of so many values. */
  readonly bytes: (values: number) => number;
  /** Its bytes, whole blocks. */
  readonly encode: (values: Float32Array) => Uint8Array;
}

/** Values of a block of Q8_0. */
export const Q8_0_BLOCK = 32;
const Q8_0_BYTES = 34;

const raw = (data: Float32Array | Uint16Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const STORED: Readonly<Record<WrittenType, StoredGguf>> = {
  F32: { code: 0, bytes: (values) => 4 * values, encode: raw },
  F16: { code: 1, bytes: (values) => 2 * values, encode: (values) => raw(toHalf(values)) },
  Q8_0: { code: 8, bytes: (values) => (values / Q8_0_BLOCK) * Q8_0_BYTES, encode: quantizeQ8_0 },
};

/** How a type is written. */
export function storedGguf(type: WrittenType): StoredGguf {
  return STORED[type];
}

/**
 * Blocks of 32: the value of one unit in half precision, the largest magnitude / 127, then 32 numbers of units, rounded half away from zero
 * (`quantize_row_q8_0_ref` of ggml-quants.c, bit for bit).
 */
export function quantizeQ8_0(values: Float32Array): Uint8Array {
  const blocks = values.length / Q8_0_BLOCK;
  const bytes = new Uint8Array(blocks * Q8_0_BYTES);
  const units = new Float32Array(blocks);
  for (let block = 0; block < blocks; block += 1) {
    const first = block * Q8_0_BLOCK;
    let largest = 0;
    for (let i = first; i < first + Q8_0_BLOCK; i += 1) largest = Math.max(largest, Math.abs(values[i]!));
    const unit = Math.fround(largest / 127);
    units[block] = unit;
    const inverse = unit === 0 ? 0 : Math.fround(1 / unit);
    for (let i = 0; i < Q8_0_BLOCK; i += 1) {
      const scaled = Math.fround(values[first + i]! * inverse);
      bytes[block * Q8_0_BYTES + 2 + i] = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
    }
  }
  const halves = toHalf(units);
  for (let block = 0; block < blocks; block += 1) {
    bytes[block * Q8_0_BYTES] = halves[block]! & 255;
    bytes[block * Q8_0_BYTES + 1] = halves[block]! >> 8;
  }
  return bytes;
}
