import type { FileReport, OnTruncated } from '../read/file-report.js';
import type { OnBadRow } from '../read/bad-rows.js';
import type { z } from 'zod';
import type { FileOptions } from './options.js';
import type { Domain } from '../words/words.js';

/** Ratings as a source has them, in file order. */
export interface RawRatings {
  /** Number of ratings. */
  readonly length: number;
  /** Codes into `userIds`. */
  readonly user: Int32Array;
  /** Codes into `itemIds`. */
  readonly item: Int32Array;
  /** Ids; in ratings by code. */
  readonly userIds: readonly string[];
  /** Ids; in ratings by code. */
  readonly itemIds: readonly string[];
  /** The ratings; NaN where there is none. */
  readonly rating: Float32Array;
  /** Milliseconds since 1970 (UTC); absent where the source has no time. */
  readonly timestamp?: Float64Array;
  /** What the numbers in `rating` are: ratings (the default), 0 or 1 for a click, or 1 throughout where there is only the fact. */
  readonly kind?: RatingKind;
}

/** What the numbers in `rating` are. */
export type RatingKind = 'rating' | 'click' | 'implicit';

/** Multi-valued attributes by name, one list for each row. */
export type RawAttributes = Readonly<Record<string, readonly (readonly string[])[]>>;

/** Numbers by name, NaN where unknown. */
export type RawNumbers = Readonly<Record<string, Float32Array>>;

/** Items as a source has them, in file order; the same id may come again. */
export interface RawItems {
  /** Ids; in ratings by code. */
  readonly itemIds: readonly string[];
  /** Titles. */
  readonly title: readonly string[];
  /** Multi-valued attributes by name, one list for each row. */
  readonly attributes: RawAttributes;
  /** Numbers by name, NaN where unknown: prices, pages, mean ratings. */
  readonly numbers?: RawNumbers;
  /** NaN where unknown. */
  readonly year: Float32Array;
}

/** Users as a source has them, in file order; the same id may come again. */
export interface RawUsers {
  /** Ids; in ratings by code. */
  readonly userIds: readonly string[];
  /** Multi-valued attributes by name, one list for each row. */
  readonly attributes: RawAttributes;
  /** Numbers by name, NaN where unknown. */
  readonly numbers?: RawNumbers;
}

/** How a source's ratings become labels by default. */
export interface LabelDefault {
  /** A rating of at least this is label 1. */
  readonly threshold: number;
  /** Whether a rating of 0 says only that there was an interaction. */
  readonly zerosAreImplicit?: boolean;
}

/** What a source gives. */
export interface RawTables {
  /** Who rated what. */
  readonly ratings: RawRatings;
  /** What there is to rate. */
  readonly items: RawItems;
  /** Who rates, where the source says anything about it. */
  readonly users?: RawUsers;
  /** The files that were read, and what each was taken for. */
  readonly files: readonly FileReport[];
  /** What the reader should know: files that were passed over, rows without a year, and so on. */
  readonly notes: readonly string[];
  /** How ratings become labels by default. */
  readonly label?: LabelDefault;
  /** What of it is public, and so may stand in a language model's training data: `the films of MovieLens`. */
  readonly catalogue?: string;
  /** What its items are called and what users do with them, for prompts. Default: neutral words, and examples from train rows. */
  readonly domain?: Domain;
}

/** Options of a source. `O` is what its own options are once parsed. */
export interface LoadOptions<O extends object = Readonly<Record<string, unknown>>> {
  /** The folder that holds the source's files, or one file, or a zip archive. */
  readonly dataDir: string;
  /** What to do with a malformed row. */
  readonly onBadRow: OnBadRow;
  /** Which file is which, where their content leaves it open. Default: their content decides. */
  readonly files?: FileOptions;
  /** What to do where a gzip file ends early. Default `fail`. */
  readonly truncated?: OnTruncated;
  /** The source's own options. Default: their defaults. */
  readonly options?: O;
}

/** Files that can be read as a dataset: a new kind is one file and one line in the table of sources. */
export interface DatasetSource<O extends object = Readonly<Record<string, unknown>>> {
  /** The name on the command line. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /** Options that it has beside the common ones, each with a default and a description. Default none. */
  readonly options?: z.ZodObject & z.ZodType<O>;
  /** @throws DataError where files are missing or malformed, or where it is not clear which file is which. */
  load(options: LoadOptions<O>): Promise<RawTables>;
}
