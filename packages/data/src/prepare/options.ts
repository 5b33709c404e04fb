import { z } from 'zod';

/** How raw ratings become interactions. Every field has a default. */
export const dataOptionsSchema = z.strictObject({
  /** A rating of at least this is label 1. */
  threshold: z.number().default(4).describe('A rating of at least this is label 1.'),
  /** Users and items with fewer interactions are dropped; 0 = none. */
  kCore: z
    .int()
    .min(0)
    .default(5)
    .describe('Users and items with fewer interactions are dropped, again and again until none is left; 0 = none.'),
  /** A user's newest so many rows are kept; null = all. */
  maxPerUser: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("Only a user's newest so many rows are kept, after the k-core and before the splits."),
  /** A ceiling on rows, reached by whole users; null = none. */
  maxInteractions: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('A ceiling, applied last: whole users are taken in seeded order until it is reached.'),
  /** How rows are split into train, valid and test. */
  split: z
    .literal(['per-user', 'global-time'])
    .default('per-user')
    .describe("per-user: each user's last rows are validation and test; global-time: the last rows of all."),
  /** Which earlier rows a row sees. */
  history: z
    .strictObject({
      /** At most so many. */
      length: z.int().min(0).default(20).describe('At most so many earlier rows make the history of a row.'),
      /** The newest, or those most similar to the target. */
      select: z
        .literal(['recent', 'similar'])
        .default('recent')
        .describe('Which: the newest, or those whose items share most attributes with the target.'),
      /** Whether evaluation rows see earlier evaluation rows. */
      online: z.boolean().default(false).describe('Whether a validation or test row may see earlier validation and test rows.'),
    })
    .prefault({}),
});
/** How raw ratings become interactions, complete. */
export type DataOptions = z.output<typeof dataOptionsSchema>;
/** As {@link DataOptions}, every field optional. */
export type DataOptionsInput = z.input<typeof dataOptionsSchema>;
