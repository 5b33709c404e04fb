import type { Reward } from '@expctr/rewards';
import { z } from 'zod';

const options = z.object({ tokens: z.int().min(1).default(16).describe('an explanation of so many tokens, or more, earns nothing') });

/** Pays for few tokens: 1 for none, 0 from `tokens` on. */
export const brevity: Reward<z.output<typeof options>> = {
  name: 'brevity',
  description: 'pays for few tokens',
  options,
  create:
    (_, { tokens }) =>
    (rows) =>
      Promise.resolve(Array.from(rows.tokenCount, (count) => Math.max(0, 1 - count / tokens))),
};
