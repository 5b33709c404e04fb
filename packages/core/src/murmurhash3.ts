const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
const mix = (k: number): number => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);

const encoder = new TextEncoder();
const room = new Uint8Array(256);

/** The bytes of a text, in a place that the next call overwrites. */
function utf8(text: string): Uint8Array {
  if (3 * text.length > room.length) return encoder.encode(text);
  return room.subarray(0, encoder.encodeInto(text, room).written);
}

/**
 * MurmurHash3 (x86, 32 bits) of a text's UTF-8 bytes, as a signed integer: what `mmh3.hash(text, seed)` is in Python, so that another
 * program finds the same.
 * Source: A. Appleby, MurmurHash3.cpp, `MurmurHash3_x86_32`.
 */
export function murmurhash3(text: string, seed: number): number {
  const bytes = utf8(text);
  const body = bytes.length & ~3;
  let h = seed | 0;
  for (let at = 0; at < body; at += 4) {
    const k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    h = (Math.imul(rotate(h ^ mix(k), 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= body; at -= 1) tail = (tail << 8) | bytes[at]!;
  if (bytes.length > body) h ^= mix(tail);
  h ^= bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
