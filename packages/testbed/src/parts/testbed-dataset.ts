import { atMost } from '@expctr/core';
import type { Dataset } from '@expctr/data';
import { z } from 'zod';
import { TASTE_KINDS } from '../world/options.js';
import { generateWorld, type World } from '../world/world.js';
import { prepareWorld } from '../world/write-testbed.js';
import { SIMULATED } from './warnings.js';

const options = z.object({
  users: z
    .int()
    .min(1)
    .max(10_000_000, atMost(10_000_000, 'the rows are made in memory'))
    .default(300)
    .describe('users of the simulated world'),
  // twice as many as the interactions that a user can have
  items: z
    .int()
    .min(120)
    .max(1_000_000, atMost(1_000_000, 'the rows are made in memory'))
    .default(400)
    .describe('items of the simulated world'),
  tastes: z
    .enum(TASTE_KINDS)
    .default('meanings')
    .describe('meanings: tastes for what values mean, across fields; independent: tastes for single values'),
  secondIntent: z.boolean().default(false).describe('two sets of tastes a user; the last items decide which one is at work'),
  worldSeed: z
    .int()
    .min(0)
    .max(0xffff_ffff, atMost(0xffff_ffff, 'nobody needs more worlds'))
    .nullable()
    .default(null)
    .describe("what the world is drawn from; null = the run's seed. Given, runs of several seeds differ in all but the world"),
  secondDomain: z.boolean().default(false).describe('games instead of stories: other items and other words for the same tastes'),
});

/** The world of {@link testbedDataset}. @param seed the run's @param chosen its options, parsed */
export function testbedWorld(seed: number | string, chosen: z.output<typeof options>): World {
  const { worldSeed, ...world } = chosen;
  return generateWorld({ seed: worldSeed ?? seed, ...world });
}

/** A simulated world as a dataset, with the truth of each of its rows. */
export const testbedDataset: Dataset<z.output<typeof options>> = {
  name: 'testbed',
  description: 'a simulated world whose true reasons are known; needs no folder',
  options,
  prepare({ seed, data, options: chosen }) {
    const { worldSeed: _, ...options } = chosen;
    const prepared = prepareWorld(testbedWorld(seed, chosen), data, options);
    return Promise.resolve({ ...prepared, warnings: [SIMULATED, ...prepared.warnings] });
  },
};
