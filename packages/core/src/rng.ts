import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { sha256 } from './hash.js';

/**
 * A seeded random generator that is passed in wherever chance is needed; nothing in ExpCTR calls `Math.random`.
 *
 * `fork(...)` derives an independent stream from the seed and a path of keys alone, never from how many numbers were
 * drawn before, so a resumed run needs no saved generator state: `rng.fork('stage1', step)` is the same stream again.
 */
export interface Rng {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform integer in [0, bound), unbiased. @throws RangeError unless `bound` is an integer in [1, 2^32]. */
  int(bound: number): number;
  /** Standard normal deviate (Box-Muller). */
  normal(): number;
  /** Fisher-Yates shuffle in place; returns its argument. */
  shuffle<T extends Indexed>(values: T): T;
  /** An independent stream named by `keys`. */
  fork(...keys: readonly (string | number)[]): Rng;
}

/** An array or a typed array. */
export interface Indexed {
  /** Number of elements. */
  readonly length: number;
  [index: number]: unknown;
}

/** A generator whose every stream follows from `seed`. */
export function createRng(seed: number | string): Rng {
  return streamOf(`${typeof seed}:${seed}`);
}

function streamOf(path: string): Rng {
  const digest = sha256(path);
  const state = [0, 8, 16, 24].map((at) => Number.parseInt(digest.slice(at, at + 8), 16) | 0);
  const generator = xoroshiro128plusFromState(state);
  const uint32 = (): number => generator.next() >>> 0;
  const next = (): number => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 0x20000000000000;

  function int(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x100000000) {
      throw new RangeError(`Rng.int: the bound is ${bound}; expected an integer in [1, 2^32]`);
    }
    const limit = 0x100000000 - (0x100000000 % bound);
    let value = uint32();
    while (value >= limit) value = uint32();
    return value % bound;
  }

  return {
    next,
    int,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffle(values) {
      for (let i = values.length - 1; i > 0; i -= 1) {
        const j = int(i + 1);
        const held = values[i];
        (values as { [index: number]: unknown })[i] = values[j];
        (values as { [index: number]: unknown })[j] = held;
      }
      return values;
    },
    fork: (...keys) => streamOf([path, ...keys.map((key) => `${typeof key}:${String(key)}`)].join('\u0000')),
  };
}
