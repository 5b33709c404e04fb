import { atMost } from '@expctr/core';
import { z } from 'zod';
import { DataOptionError } from '../errors.js';
import { sourceOptionFields } from '../sources/options.js';
import { wordOptions } from '../words/options.js';
import { dataOptionError } from './option-error.js';

/** The largest finite float32. */
const FLOAT32 = 3.4028234663852886e38;
const ROWS = 0x7fffffff;
const NEGATIVES = atMost(1000, 'each is one more row to fit or to judge');

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
    .min(-FLOAT32, `too small: at least -${FLOAT32}, for ratings are kept in float32`)
    .max(FLOAT32, atMost(FLOAT32, 'ratings are kept in float32'))
    .nullable()
    .default(null)
    .describe("A rating of at least this is label 1, and under implicit a positive at all; null = the dataset's own (4; bookcrossing 8)."),
  /** Sampled rows with label 0, for `implicit`. */
  negatives: z
    .strictObject({
      /** For each train row. */
      train: z
        .int()
        .min(0)
        .max(1000, NEGATIVES)
        .default(1)
        .describe('Negatives drawn for each train row; none of them a train positive of the user.'),
      /** For each validation and test row. */
      evaluation: z
        .int()
        .min(0)
        .max(1000, NEGATIVES)
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
    .max(1e6, atMost(1e6, 'no user or item would be left'))
    .default(5)
    .describe('Users and items with fewer interactions are dropped, again and again until none is left; 0 = none.'),
  /** A user's newest so many rows are kept; null = all. */
  maxPerUser: z
    .int()
    .min(1)
    .max(ROWS, atMost(ROWS, 'row numbers are kept in 32 bits'))
    .nullable()
    .default(null)
    .describe("Only a user's newest so many rows are kept, after the k-core and before the splits."),
  /** A ceiling on rows, reached by whole users; null = none. */
  maxInteractions: z
    .int()
    .min(1)
    .max(ROWS, atMost(ROWS, 'row numbers are kept in 32 bits'))
    .nullable()
    .default(null)
    .describe('A ceiling, applied last: whole users are taken in seeded order until it is reached.'),
  /** How prompts speak of the items. */
  words: wordOptions.prefault({}),
  /** How rows are split into train, valid and test. */
  split: z
    .literal(['per-user', 'leave-last', 'global-time', 'random', 'by-user'])
    .default('per-user')
    .describe(
      "per-user: each user's last tenth is test, the tenth before it validation; leave-last: each user's last data.leaveLast rows; global-time: the last tenths of all rows; random: seeded tenths of all rows; by-user: seeded tenths of users, whole (cold start).",
    ),
  /** For `leave-last`. */
  leaveLast: z
    .int()
    .min(1)
    .max(1e6, atMost(1e6, 'no user has so many rows'))
    .default(1)
    .describe('Test rows of a user under leave-last, and as many validation rows before them.'),
  /** Which earlier rows a row sees. */
  history: z
    .strictObject({
      /** At most so many. */
      length: z
        .int()
        .min(0)
        .max(10_000, atMost(10_000, 'every row keeps that many entries'))
        .default(20)
        .describe('At most so many earlier rows make the history of a row.'),
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

/** The options of a dataset, told apart. */
export interface SplitDataOptions<O extends object = Readonly<Record<string, unknown>>> {
  /** Those that all datasets have. */
  readonly data: DataOptions;
  /** Its own. */
  readonly options: O;
}

/**
 * The options of a dataset as they stand in a configuration under `data`: its own flat beside the common ones.
 * @throws DataOptionError `DATA_OPTION_CLASH` where one of its own is called as a common one
 */
export function dataOptionsWith(own: z.ZodObject): z.ZodObject {
  const taken = Object.keys(own.shape).find((name) => Object.hasOwn(dataOptionsSchema.shape, name));
  if (taken === undefined) return dataOptionsSchema.extend(own.shape);
  throw new DataOptionError('DATA_OPTION_CLASH', `the dataset has an option '${taken}', and so have all datasets`, {
    where: `data.${taken}`,
    remedy: 'let the dataset call it by another name',
  });
}

/**
 * Fills in defaults.
 * @param own the dataset's own options; default none
 * @throws DataOptionError `DATA_OPTION` with the option's path, and what it takes.
 */
export function parseDataOptions<O extends object = Readonly<Record<string, unknown>>>(
  input: unknown,
  own: z.ZodObject & z.ZodType<O> = z.object({}) as z.ZodObject & z.ZodType<O>,
): SplitDataOptions<O> {
  const schema = dataOptionsWith(own);
  const result = schema.safeParse(input);
  if (!result.success) throw dataOptionError(schema, result.error);
  const of = (shape: object): object => Object.fromEntries(Object.keys(shape).map((name) => [name, result.data[name]]));
  return { data: of(dataOptionsSchema.shape) as DataOptions, options: of(own.shape) as O };
}
