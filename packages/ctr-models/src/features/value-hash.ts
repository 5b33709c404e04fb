/**
 * MurmurHash3 (x86, 32 bits, seed 0; Appleby 2011) of a text's UTF-8 bytes, from 0 to 2^32 - 1: what `mmh3.hash(text, signed=False)` is in
 * Python, so that another program finds the same bucket. It spreads consecutive numbers, written in digits, as evenly as random texts.
 */
export function valueHash(text: string): number {
  const bytes = utf8(text);
  const whole = bytes.length - (bytes.length % 4);
  let h = 0;
  for (let i = 0; i < whole; i += 4) {
    h ^= mixed(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let i = bytes.length - 1; i >= whole; i -= 1) rest = (rest << 8) | bytes[i]!;
  if (whole < bytes.length) h ^= mixed(rest);
  h ^= bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function mixed(k: number): number {
  const spread = Math.imul(k, 0xcc9e2d51);
  return Math.imul((spread << 15) | (spread >>> 17), 0x1b873593);
}

const encoder = new TextEncoder();
const room = new Uint8Array(256);

/** The bytes of a text, in a place that the next call overwrites. */
function utf8(text: string): Uint8Array {
  if (3 * text.length > room.length) return encoder.encode(text);
  return room.subarray(0, encoder.encodeInto(text, room).written);
}
