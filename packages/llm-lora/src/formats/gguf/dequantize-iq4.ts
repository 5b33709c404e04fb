import { halfValues } from '../reduced-floats.js';

/** What the 16 values of four bits stand for (`kvalues_iq4nl` of ggml-common.h): closer together around 0. */
const LEVELS = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

/** IQ4_NL: blocks of 32 weights, a half-precision scale and 16 bytes of levels, as in Q4_0. */
export function dequantizeIQ4_NL(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  for (let at = 0, out = offset; at < bytes.length; at += 18, out += 32) {
    expandLevels(bytes, at + 2, target, out, half[bytes[at]! | (bytes[at + 1]! << 8)]!);
  }
}

/** IQ4_XS: 256 weights, a half-precision number, 2 and 4 bytes of scales (6 bits for each 32 weights), 128 bytes of levels. */
export function dequantizeIQ4_XS(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  for (let at = 0, out = offset; at < bytes.length; at += 136, out += 256) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    for (let group = 0; group < 8; group += 1) {
      const low = bytes[at + 4 + (group >> 1)]! >> (4 * (group & 1));
      const high = bytes[at + 2 + (group >> 2)]! >> (2 * (group & 3));
      expandLevels(bytes, at + 8 + group * 16, target, out + group * 32, scale * (((low & 15) | ((high & 3) << 4)) - 32));
    }
  }
}

function expandLevels(bytes: Uint8Array, from: number, target: Float32Array, out: number, scale: number): void {
  for (let i = 0; i < 16; i += 1) {
    const pair = bytes[from + i]!;
    target[out + i] = scale * LEVELS[pair & 15]!;
    target[out + 16 + i] = scale * LEVELS[pair >> 4]!;
  }
}
