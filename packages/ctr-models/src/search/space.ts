import { atMost, type Rng } from '@expctr/core';
import { z } from 'zod';

const json = z.json();

/** How an option is drawn: one of some values, or a number between two. */
const choice = z.union([
  z.strictObject({
    values: z.array(json).min(1).max(10_000, atMost(10_000, 'nobody tries more')).describe('one of these, each as likely'),
  }),
  z
    .strictObject({
      from: z.number().describe('the least'),
      to: z.number().describe('the most'),
      scale: z.enum(['linear', 'log']).default('linear').describe('log: as likely between 0.001 and 0.01 as between 0.01 and 0.1'),
      integer: z.boolean().default(false).describe('whole numbers only, both ends included'),
    })
    .refine(({ from, to }) => from <= to, 'from is above to')
    .refine(({ from, scale }) => scale === 'linear' || from > 0, 'a log scale wants numbers above 0')
    .refine(({ from, to, integer }) => !integer || (Number.isSafeInteger(from) && Number.isSafeInteger(to)), 'from and to are no integers'),
]);

/**
 * Options to be tried, by name: those of a fit, those of the backbones, and `backbone` itself. Each is one of `values`, or a number `from`
 * .. `to`. An option that a drawn backbone lacks is left out for it.
 */
export const searchSpace = z.record(z.string(), choice);

/** As it is written, defaults left out. */
export type SearchSpace = z.input<typeof searchSpace>;

/** Options that were drawn. */
export type DrawnOptions = Readonly<Record<string, unknown>>;

/** Draws one value for each option; each has a stream of its own, so that one more option leaves the others as they were. */
export function drawOptions(space: z.output<typeof searchSpace>, rng: Rng): Record<string, unknown> {
  return Object.fromEntries(Object.entries(space).map(([name, choices]) => [name, draw(choices, rng.fork(name))]));
}

function draw(choices: z.output<typeof choice>, rng: Rng): unknown {
  if ('values' in choices) return choices.values[rng.int(choices.values.length)];
  const { from, to, scale, integer } = choices;
  const part = rng.next();
  // The ends of integers are as likely as those between.
  const [low, high] = integer ? [scale === 'log' ? from : from - 0.5, scale === 'log' ? to + 1 : to + 0.5] : [from, to];
  const value = scale === 'log' ? Math.exp(Math.log(low) + part * (Math.log(high) - Math.log(low))) : low + part * (high - low);
  const whole = scale === 'log' ? Math.floor(value) : Math.round(value);
  return Math.min(to, Math.max(from, integer ? whole : value));
}
