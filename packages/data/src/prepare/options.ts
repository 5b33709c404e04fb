import { z } from 'zod';
import { DataOptionError } from '../errors.js';
import { sourceOptionFields } from '../sources/options.js';

/** How raw ratings become interactions. Every field has a default. */
export const dataOptionsSchema = z.strictObject({
  ...sourceOptionFields,
  /** What makes a label. */
  label: z
    .literal(['auto', 'threshold', 'user-mean', 'implicit'])
    .default('auto')
    .describe(
      "threshold: 1 from data.threshold on; user-mean: 1 above the user's mean train rating; implicit: every row is 1, and negatives are sampled; auto = as the dataset has it.",
    ),
  /** A rating of at least this is label 1; null = the dataset's own. */
  threshold: z
    .number()
    .nullable()
    .default(null)
    .describe("A rating of at least this is label 1, and under implicit a positive at all; null = the dataset's own (4; bookcrossing 8)."),
  /** Sampled rows with label 0, for `implicit`. */
  negatives: z
    .strictObject({
      /** For each train row. */
      train: z.int().min(0).default(1).describe('Negatives drawn for each train row; none of them a train positive of the user.'),
      /** For each validation and test row. */
      evaluation: z
        .int()
        .min(0)
        .default(1)
        .describe('Negatives drawn for each validation and test row; none of them any positive of the user.'),
      /** How items are drawn. */
      by: z.literal(['uniform', 'popularity']).default('uniform').describe('Every item alike, or by its number of train rows.'),
    })
    .prefault({}),
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
    .literal(['per-user', 'leave-last', 'global-time', 'random', 'by-user'])
    .default('per-user')
    .describe(
      "per-user: each user's last tenth is test, the tenth before it validation; leave-last: each user's last data.leaveLast rows; global-time: the last tenths of all rows; random: seeded tenths of all rows; by-user: seeded tenths of users, whole (cold start).",
    ),
  /** For `leave-last`. */
  leaveLast: z.int().min(1).default(1).describe('Test rows of a user under leave-last, and as many validation rows before them.'),
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

/** Fills in defaults. @throws DataOptionError `DATA_OPTION` with the option's path. */
export function parseDataOptions(input: unknown): DataOptions {
  const result = dataOptionsSchema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new DataOptionError('DATA_OPTION', issue?.message ?? 'wrong', { where: ['data', ...(issue?.path ?? [])].map(String).join('.') });
}
