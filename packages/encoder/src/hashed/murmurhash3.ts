const encoder = new TextEncoder();

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
const mix = (k: number): number => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);

/**
 * MurmurHash3 (x86, 32 bits) of a text's UTF-8 bytes, as a signed integer.
 * Source: A. Appleby, MurmurHash3.cpp, `MurmurHash3_x86_32`.
 */
export function murmurhash3(text: string, seed: number): number {
  const bytes = encoder.encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const body = bytes.length & ~3;
  let h = seed | 0;
  for (let at = 0; at < body; at += 4) h = (Math.imul(rotate(h ^ mix(view.getInt32(at, true)), 13), 5) + 0xe6546b64) | 0;
  let tail = 0;
  for (let at = bytes.length - 1; at >= body; at -= 1) tail = (tail << 8) | bytes[at]!;
  if (bytes.length > body) h ^= mix(tail);
  h ^= bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
