const DIGIT_BITS = [11, 11, 10] as const; // of each half of a key

/**
 * The rows in ascending order of their scores, equal scores (0 and -0 are equal) in the order of the rows. A radix sort: O(rows), where
 * a sort by a comparison function takes minutes for tens of millions of rows.
 * @param scores any numbers but NaN
 */
export function ascendingOrder(scores: ArrayLike<number>): Uint32Array {
  const count = scores.length;
  const { high, low } = sortableKeys(scores);
  let from: Keyed = { low, high, row: Uint32Array.from({ length: count }, (_, row) => row) };
  let to: Keyed = { low: new Uint32Array(count), high: new Uint32Array(count), row: new Uint32Array(count) };
  for (const half of ['low', 'high'] as const) {
    let shift = 0;
    for (const bits of DIGIT_BITS) {
      const starts = digitStarts(from[half], shift, bits);
      if (starts !== null) {
        scatter(from, to, from[half], starts, { shift, mask: 2 ** bits - 1 });
        [from, to] = [to, from];
      }
      shift += bits;
    }
  }
  return from.row;
}

interface Keyed {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly row: Uint32Array;
}

/** The bits of each number as an unsigned integer in the order of the numbers: negative ones inverted, the sign bit set for others. */
function sortableKeys(scores: ArrayLike<number>): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(scores.length);
  const low = new Uint32Array(scores.length);
  const value = new Float64Array(1);
  const bits = new DataView(value.buffer);
  const words = new Uint32Array(value.buffer);
  value[0] = 1;
  const [highWord, lowWord] = bits.getUint8(0) === 0 ? [1, 0] : [0, 1]; // the byte order of this machine
  for (let i = 0; i < scores.length; i += 1) {
    value[0] = scores[i]! + 0; // -0 becomes 0
    const top = words[highWord]!;
    const negative = top >>> 31 === 1;
    high[i] = negative ? ~top : top | 0x80000000;
    low[i] = negative ? ~words[lowWord]! : words[lowWord]!;
  }
  return { high, low };
}

/** Where the rows of each digit begin; null where all have the same. */
function digitStarts(keys: Uint32Array, shift: number, bits: number): Uint32Array | null {
  const starts = new Uint32Array(2 ** bits);
  const mask = starts.length - 1;
  for (let i = 0; i < keys.length; i += 1) starts[(keys[i]! >>> shift) & mask]! += 1;
  let sum = 0;
  for (let digit = 0; digit < starts.length; digit += 1) {
    const count = starts[digit]!;
    if (count === keys.length) return null;
    starts[digit] = sum;
    sum += count;
  }
  return starts;
}

function scatter(from: Keyed, to: Keyed, keys: Uint32Array, starts: Uint32Array, { shift, mask }: { shift: number; mask: number }): void {
  for (let i = 0; i < keys.length; i += 1) {
    const digit = (keys[i]! >>> shift) & mask;
    const at = starts[digit]!;
    starts[digit] = at + 1;
    to.low[at] = from.low[i]!;
    to.high[at] = from.high[i]!;
    to.row[at] = from.row[i]!;
  }
}
