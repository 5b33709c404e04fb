import { atMost } from '@expctr/core';
import { z } from 'zod';

const column = z.string().min(1).nullable().default(null);
const columns = z.array(z.string().min(1)).default([]);
/** Within float32, which ratings are kept in. */
const rating = z
  .number()
  .min(-3.4028234663852886e38, 'too small: ratings are kept in float32')
  .max(3.4028234663852886e38, atMost(3.4028234663852886e38, 'ratings are kept in float32'));
const file = z.string().min(1).nullable().default(null);

const files = z.strictObject({
  /** The file of ratings, where several could be it. */
  ratings: file.describe('The file of ratings (reviews, interactions) in the data folder; null = told by its content.'),
  /** The file of items. */
  items: file.describe('The file of items in the data folder; null = told by its content.'),
  /** The file of users. */
  users: file.describe('The file of users in the data folder; null = told by its content.'),
});

/** The options of the dataset `table`, which stand beside the common ones. */
export const tableOptions = z.object({
  /** Which column is what. */
  table: z
    .strictObject({
      /** Column of user ids. */
      user: column.describe("Dataset 'table': the column with the user's id."),
      /** Column of item ids. */
      item: column.describe("Dataset 'table': the column with the item's id, in the file of interactions and in that of items."),
      /** Column of ratings. */
      rating: column.describe("Dataset 'table': the column with a rating; without it and without click every row is a positive one."),
      /** Column of clicks. */
      click: column.describe("Dataset 'table': a column with 0 or 1 (false, true), in place of ratings."),
      /** Column of times. */
      time: column.describe("Dataset 'table': the column with the time; null = the source has none."),
      /** What a number in the column of times counts. */
      timeUnit: z
        .literal(['auto', 's', 'ms'])
        .default('auto')
        .describe("Dataset 'table': what a number of the time column counts since 1970; auto = told by its size. Dates as text need none."),
      /** Lowest right rating. */
      minRating: rating.nullable().default(null).describe("Dataset 'table': a lower rating is a bad row; null = any."),
      /** Highest right rating. */
      maxRating: rating.nullable().default(null).describe("Dataset 'table': a higher rating is a bad row; null = any."),
      /** Columns with text of the item. */
      texts: columns.describe("Dataset 'table': columns with the item's texts, the title first."),
      /** Columns with features of the item. */
      features: columns.describe("Dataset 'table': columns with categories of the item."),
      /** Columns with numbers of the item. */
      numbers: columns.describe("Dataset 'table': columns with numbers of the item."),
      /** Columns with features of the user. */
      userFeatures: columns.describe("Dataset 'table': columns with categories of the user."),
      /** Columns with numbers of the user. */
      userNumbers: columns.describe("Dataset 'table': columns with numbers of the user."),
      /** What stands between the values of a feature with several. */
      listSeparator: z
        .string()
        .min(1)
        .default('|')
        .describe("Dataset 'table': what stands between the values of a feature that has several."),
      /** What stands between the fields of a text file. */
      delimiter: z
        .string()
        .regex(/^(?:\\t|[\t !#-~]{1,8})$/u, 'Expected up to eight ASCII characters without a quote; \\t is a tab')
        .nullable()
        .default(null)
        .describe("Dataset 'table': what stands between fields (\\t is a tab); null = told by the header."),
      /** How a text file writes its characters. */
      encoding: z.literal(['utf-8', 'latin1']).default('utf-8').describe("Dataset 'table': how a text file writes its characters."),
      /** Names of the columns of a text file without a header. */
      columns: columns.describe(
        "Dataset 'table': names of all columns of a text file of interactions without a header; [] = its first row names them.",
      ),
    })
    .prefault({}),
});

/** The options that all sources of files share, as fields of an option object: each has a default. */
export const sourceOptionFields = {
  /** Which file is which, where their content leaves it open. */
  files: files.prefault({}),
  /** What to do where a gzip file ends early. */
  truncated: z
    .literal(['fail', 'keep'])
    .default('fail')
    .describe('What to do where a gzip file ends early: stop, or keep (and count) what could be read.'),
};

/** Which file is which. */
export type FileOptions = z.output<(typeof sourceOptionFields)['files']>;
/** Which column is what, for the source `table`. */
export type TableOptions = z.output<typeof tableOptions>['table'];
