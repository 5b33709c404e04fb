import { halfValues } from '../reduced-floats.js';

// Equal to `dequantize_blocks` of gguf-py's quants.py to the last bit: a half-precision scale times a small integer is exact
// in float32, and the one rounding of Q4_1's sum happens where the float64 result is stored.

/** Q8_0: blocks of 32 weights, a half-precision scale and 32 int8. */
export function dequantizeQ8_0(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let out = offset;
  for (let at = 0; at < bytes.length; at += 34) {
    const scale = half[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
    for (let i = 2; i < 34; i += 1) {
      target[out] = (signed[at + i] ?? 0) * scale;
      out += 1;
    }
  }
}

/** Q4_0: blocks of 32 weights, a half-precision scale and 16 bytes: weight i in the low half of byte i, weight 16 + i in its high half. */
export function dequantizeQ4_0(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  let out = offset;
  for (let at = 0; at < bytes.length; at += 18) {
    const scale = half[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
    for (let i = 0; i < 16; i += 1) {
      const pair = bytes[at + 2 + i] ?? 0;
      target[out + i] = ((pair & 15) - 8) * scale;
      target[out + 16 + i] = ((pair >> 4) - 8) * scale;
    }
    out += 32;
  }
}

/** Q4_1: as Q4_0, with a half-precision minimum after the scale that is added to every weight. */
export function dequantizeQ4_1(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  let out = offset;
  for (let at = 0; at < bytes.length; at += 20) {
    const scale = half[(bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)] ?? 0;
    const minimum = half[(bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8)] ?? 0;
    for (let i = 0; i < 16; i += 1) {
      const pair = bytes[at + 4 + i] ?? 0;
      target[out + i] = (pair & 15) * scale + minimum;
      target[out + 16 + i] = (pair >> 4) * scale + minimum;
    }
    out += 32;
  }
}

/** Q5_0: as Q4_0, with 4 bytes of fifth bits after the scale. */
export function dequantizeQ5_0(bytes: Uint8Array, target: Float32Array, offset: number): void {
  expandFiveBits(bytes, target, offset, false);
}

/** Q5_1: as Q4_1, with 4 bytes of fifth bits after scale and minimum. */
export function dequantizeQ5_1(bytes: Uint8Array, target: Float32Array, offset: number): void {
  expandFiveBits(bytes, target, offset, true);
}

function expandFiveBits(bytes: Uint8Array, target: Float32Array, offset: number, withMinimum: boolean): void {
  const half = halfValues();
  const [blockBytes, shift] = withMinimum ? [24, 0] : [22, 16];
  for (let at = 0, out = offset; at < bytes.length; at += blockBytes, out += 32) {
    const scale = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
    const minimum = withMinimum ? half[bytes[at + 2]! | (bytes[at + 3]! << 8)]! : -0; // x + -0 is x, its sign too
    const weights = at + blockBytes - 16;
    const fifth = bytes[weights - 4]! | (bytes[weights - 3]! << 8) | (bytes[weights - 2]! << 16) | (bytes[weights - 1]! << 24);
    for (let i = 0; i < 16; i += 1) {
      const pair = bytes[weights + i]!;
      target[out + i] = (((pair & 15) | (((fifth >> i) & 1) << 4)) - shift) * scale + minimum;
      target[out + 16 + i] = (((pair >> 4) | (((fifth >> (16 + i)) & 1) << 4)) - shift) * scale + minimum;
    }
  }
}
