import { halfValues } from '../reduced-floats.js';

// llama.cpp's k-quants (ggml-quants.c): super-blocks of 256 weights in groups of 16 or 32, whose scales are small integers times one
// half-precision number, and whose minima are times another. Equal to gguf-py's quants.py to the last bit: products are exact in float32.

const SUPER = 256;

const halfAt = (half: Float32Array, bytes: Uint8Array, at: number): number => half[bytes[at]! | (bytes[at + 1]! << 8)]!;

/** Q2_K: 16 bytes of scales and minima (4 bits each), 64 bytes of weights (2 bits each), two half-precision numbers. */
export function dequantizeQ2_K(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  for (let at = 0, out = offset; at < bytes.length; at += 84, out += SUPER) {
    const [scale, minimum] = [halfAt(half, bytes, at + 80), halfAt(half, bytes, at + 82)];
    for (let i = 0; i < SUPER; i += 1) {
      const packed = bytes[at + (i >> 4)]!;
      const weight = (bytes[at + 16 + (i >> 7) * 32 + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
      target[out + i] = scale * (packed & 15) * weight - minimum * (packed >> 4);
    }
  }
}

/** Q3_K: 32 bytes of high bits, 64 bytes of low ones (2 bits a weight), 12 bytes of scales (6 bits each), a half-precision number. */
export function dequantizeQ3_K(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  const scales = new Float64Array(16);
  for (let at = 0, out = offset; at < bytes.length; at += 110, out += SUPER) {
    const scale = halfAt(half, bytes, at + 108);
    for (let group = 0; group < 16; group += 1) {
      const low = bytes[at + 96 + (group & 7)]! >> (group < 8 ? 0 : 4);
      const high = bytes[at + 104 + (group & 3)]! >> (2 * (group >> 2));
      scales[group] = scale * (((low & 15) | ((high & 3) << 4)) - 32);
    }
    for (let i = 0; i < SUPER; i += 1) {
      const low = (bytes[at + 32 + (i >> 7) * 32 + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
      const high = (bytes[at + (i & 31)]! >> (i >> 5)) & 1;
      target[out + i] = scales[i >> 4]! * (low - (high === 1 ? 0 : 4));
    }
  }
}

/** Q4_K: two half-precision numbers, 12 bytes of scales and minima (6 bits each), 128 bytes of weights (4 bits each). */
export function dequantizeQ4_K(bytes: Uint8Array, target: Float32Array, offset: number): void {
  expandWithMinima(bytes, target, offset, false);
}

/** Q5_K: as Q4_K, with 32 bytes of fifth bits before the other four. */
export function dequantizeQ5_K(bytes: Uint8Array, target: Float32Array, offset: number): void {
  expandWithMinima(bytes, target, offset, true);
}

function expandWithMinima(bytes: Uint8Array, target: Float32Array, offset: number, fifth: boolean): void {
  const half = halfValues();
  const blockBytes = fifth ? 176 : 144;
  const [steps, least] = [new Float64Array(8), new Float64Array(8)];
  for (let at = 0, out = offset; at < bytes.length; at += blockBytes, out += SUPER) {
    sixBits(bytes, at + 4, halfAt(half, bytes, at), steps, halfAt(half, bytes, at + 2), least);
    const weights = at + blockBytes - 128;
    for (let pair = 0; pair < 4; pair += 1) {
      const [step0, least0, step1, least1] = [steps[2 * pair]!, least[2 * pair]!, steps[2 * pair + 1]!, least[2 * pair + 1]!];
      for (let i = 0; i < 32; i += 1) {
        const packed = bytes[weights + pair * 32 + i]!;
        const bits = fifth ? bytes[at + 16 + i]! >> (2 * pair) : 0;
        target[out + pair * 64 + i] = step0 * ((packed & 15) | ((bits & 1) << 4)) - least0;
        target[out + pair * 64 + 32 + i] = step1 * ((packed >> 4) | ((bits & 2) << 3)) - least1;
      }
    }
  }
}

/** Eight scales and eight minima of six bits in 12 bytes (`get_scale_min_k4`), times their half-precision numbers. */
function sixBits(bytes: Uint8Array, from: number, scale: number, steps: Float64Array, minimum: number, least: Float64Array): void {
  for (let i = 0; i < 4; i += 1) {
    const [a, b, c] = [bytes[from + i]!, bytes[from + 4 + i]!, bytes[from + 8 + i]!];
    steps[i] = scale * (a & 63);
    least[i] = minimum * (b & 63);
    steps[4 + i] = scale * ((c & 15) | ((a >> 6) << 4));
    least[4 + i] = minimum * ((c >> 4) | ((b >> 6) << 4));
  }
}

/** Q6_K: 128 bytes of low bits (4 a weight), 64 bytes of high ones (2 a weight), 16 scales (int8), a half-precision number. */
export function dequantizeQ6_K(bytes: Uint8Array, target: Float32Array, offset: number): void {
  const half = halfValues();
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, out = offset; at < bytes.length; at += 210, out += SUPER) {
    const scale = halfAt(half, bytes, at + 208);
    for (let i = 0; i < SUPER; i += 1) {
      const quarter = (i >> 5) & 3; // of a half of 128 weights
      const low = (bytes[at + (i >> 7) * 64 + (quarter & 1) * 32 + (i & 31)]! >> (4 * (quarter >> 1))) & 15;
      const high = (bytes[at + 128 + (i >> 7) * 32 + (i & 31)]! >> (2 * quarter)) & 3;
      target[out + i] = scale * signed[at + 192 + (i >> 4)]! * ((low | (high << 4)) - 32);
    }
  }
}
