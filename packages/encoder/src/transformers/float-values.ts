import type { Tensor } from '@huggingface/transformers';

/** The values of a tensor of floats as float32; undefined for one of another type. A graph of float16 may give them in float16. */
export function floatValues(tensor: Tensor): Float32Array | undefined {
  if (tensor.type === 'float32') return tensor.data as Float32Array;
  if (tensor.type !== 'float16') return undefined;
  const { data } = tensor as unknown as { readonly data: Uint16Array | ArrayLike<number> };
  return data instanceof Uint16Array ? Float32Array.from(data, halfValue) : Float32Array.from(data);
}

/** The number that the bits of a float16 stand for: IEEE 754 binary16. Runtimes without Float16Array hold the bits. */
export function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
