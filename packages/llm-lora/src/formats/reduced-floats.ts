const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The value of an IEEE 754 half-precision number given as its 16 bits; NaN keeps its payload. */
export function halfToFloat(bits: number): number {
  scratchBits[0] = halfToFloatBits(bits);
  return scratch[0] ?? 0;
}

function halfToFloatBits(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // how far the subnormal's leading bit is from bit 10
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

let halfTable: Float32Array | undefined;

/** All 65,536 half-precision values by their bits: one look-up a weight instead of a branch. Made on first use (256 KiB). */
export function halfValues(): Float32Array {
  if (halfTable === undefined) {
    const bits = Uint32Array.from({ length: 65536 }, (_, half) => halfToFloatBits(half) >>> 0);
    halfTable = new Float32Array(bits.buffer);
  }
  return halfTable;
}

/** Expands half-precision bits into `target` from index `offset` on. */
export function expandHalf(source: Uint16Array, target: Float32Array, offset: number): void {
  const table = new Uint32Array(halfValues().buffer);
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length); // as integers, so that NaN payloads survive
  for (let i = 0; i < source.length; i += 1) bits[offset + i] = table[source[i] ?? 0] ?? 0;
}

/** Expands bfloat16 bits (the upper half of a float32) into `target` from index `offset` on. */
export function expandBfloat16(source: Uint16Array, target: Float32Array, offset: number): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i += 1) bits[offset + i] = (source[i] ?? 0) << 16;
}

/** Rounds float32 values to half precision, to nearest with ties to even; overflow becomes infinity. */
export function toHalf(source: Float32Array): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) halves[i] = floatBitsToHalf(bits[i] ?? 0);
  return halves;
}

function floatBitsToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 2^16 and more, infinity included
  if (magnitude >= 0x38800000) return sign | roundToEven(magnitude - 0x38000000, 13); // may carry into infinity, rightly
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below half of the smallest subnormal
  return sign | roundToEven((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** Rounds float32 values to bfloat16, to nearest with ties to even. */
export function toBfloat16(source: Float32Array): Uint16Array {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const rounded = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) {
    const value = bits[i] ?? 0;
    rounded[i] = (value & 0x7fffffff) > 0x7f800000 ? (value >>> 16) | 0x40 : roundToEven(value, 16);
  }
  return rounded;
}

function roundToEven(value: number, drop: number): number {
  const kept = value >>> drop;
  const rest = value & ((1 << drop) - 1);
  const half = 1 << (drop - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
