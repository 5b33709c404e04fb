import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { sha256 } from './hash.js';

/**
 * A seeded random generator that is passed in wherever chance is needed; nothing in ExpCTR calls `Math.random`.
 *
 * `fork(...)` derives an independent stream from the seed and a path of keys alone, never from how many numbers were
 * drawn before, so a resumed run needs no saved generator state: `rng.fork('stage1', step)` is the same stream again.
 */
export interface Rng {
  /** The seed and the keys that name this stream: {@link createRng} makes the same stream of it, here or in another process. */
  readonly path: SeedPath;
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

/** A seed and the keys of the forks that lead from it to a stream. It is plain JSON, so a stream can be named to another process. */
export type SeedPath = readonly [seed: number | string, ...keys: (number | string)[]];

/** An array or a typed array. */
export interface Indexed {
  /** Number of elements. */
  readonly length: number;
  [index: number]: unknown;
}

/** A generator whose every stream follows from a seed, or the very stream that {@link Rng.path} named. */
export function createRng(seed: number | string | SeedPath): Rng {
  return streamOf(typeof seed === 'object' ? seed : [seed]);
}

function streamOf(path: SeedPath): Rng {
  const digest = sha256(path.map((key) => `${typeof key}:${String(key)}`).join('\u0000'));
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
    path,
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
    fork: (...keys) => streamOf([...path, ...keys]),
  };
}
