import { z } from 'zod';

/** How raw ratings become interactions. Every field has a default. */
export const dataOptionsSchema = z.strictObject({
  threshold: z.number().default(4).describe('A rating of at least this is label 1.'),
  kCore: z
    .int()
    .min(0)
    .default(5)
    .describe('Users and items with fewer interactions are dropped, again and again until none is left; 0 = none.'),
  maxPerUser: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("Only a user's newest so many rows are kept, after the k-core and before the splits."),
  maxInteractions: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('A ceiling, applied last: whole users are taken in seeded order until it is reached.'),
  split: z
    .enum(['per-user', 'global-time'])
    .default('per-user')
    .describe("per-user: each user's last rows are validation and test; global-time: the last rows of all."),
  history: z
    .strictObject({
      length: z.int().min(0).default(20).describe('At most so many earlier rows make the history of a row.'),
      select: z
        .enum(['recent', 'similar'])
        .default('recent')
        .describe('Which: the newest, or those whose items share most attributes with the target.'),
      online: z.boolean().default(false).describe('Whether a validation or test row may see earlier validation and test rows.'),
    })
    .prefault({}),
});
/** How raw ratings become interactions, complete. */
export type DataOptions = z.output<typeof dataOptionsSchema>;
/** As {@link DataOptions}, every field optional. */
export type DataOptionsInput = z.input<typeof dataOptionsSchema>;
