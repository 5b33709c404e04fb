import type { Rng } from '@expctr/core';
import type { DropoutMask } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';

/** Dropout masks that are drawn anew for every step. */
export interface Dropout {
  /** By name: [size, width], 0 or 1 / (1 - rate). */
  readonly masks: Readonly<Record<string, Float32Array>>;
  /** Draws all masks, in place. */
  draw(): void;
  /** Goes on drawing from another stream. */
  restart(rng: Rng): void;
}

/** @throws CtrError `CTR_OPTION` for a rate outside [0, 1). */
export function createDropout(wanted: Readonly<Record<string, DropoutMask>>, size: number, rng: Rng): Dropout {
  const layers = Object.entries(wanted).map(([name, { width, rate }]) => {
    if (!(rate >= 0 && rate < 1))
      throw new CtrError('CTR_OPTION', `the dropout rate of ${name} is ${rate}`, { expected: 'a number in [0, 1)' });
    return { name, mask: new Float32Array(size * width), keep: 1 / (1 - rate), threshold: Math.round(rate * 0x10000) };
  });
  let stream = rng;
  return {
    restart(next) {
      stream = next;
    },
    masks: Object.fromEntries(layers.map(({ name, mask }) => [name, mask])),
    draw() {
      for (const { mask, keep, threshold } of layers) {
        for (let i = 0; i < mask.length; i += 2) {
          const bits = stream.int(0x100000000); // two draws of 16 bits
          mask[i] = (bits & 0xffff) < threshold ? 0 : keep;
          if (i + 1 < mask.length) mask[i + 1] = bits >>> 16 < threshold ? 0 : keep;
        }
      }
    },
  };
}
