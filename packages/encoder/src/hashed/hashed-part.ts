import { atMost } from '@expctr/core';
import { z } from 'zod';
import { wrongSpec, type EncoderPart } from '../encoder-part.js';
import { createHashedEncoder } from './hashed-encoder.js';

const options = z.object({
  ngrams: z
    .int()
    .min(1)
    .max(16, atMost(16, 'longer runs of words hardly come twice'))
    .default(1)
    .describe('longest run of words that counts as one feature: 1 is a bag of words'),
  seed: z
    .int()
    .min(0)
    .max(0xffffffff, atMost(0xffffffff, 'the hash function takes 32 bits'))
    .default(0)
    .describe('seed of the hash function'),
});

/** The hashed bag of words as a part of a run. */
export const hashedPart: EncoderPart<z.output<typeof options>> = {
  name: 'hashed',
  description: 'hashed:DIMENSION, a bag of words; no model, no download',
  options,
  load: (argument, given) => Promise.resolve(createHashedEncoder({ ...given, ...dimensionFrom(argument) })),
};

function dimensionFrom(argument: string | undefined): { dimension?: number } {
  if (argument === undefined) return {};
  if (!/^\d+$/.test(argument)) throw wrongSpec(`hashed:${argument}`, 'hashed or hashed:DIMENSION, such as hashed:256');
  return { dimension: Number(argument) };
}
