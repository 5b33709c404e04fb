import type { FileReport } from '../read/read-rows.js';
import type { OnBadRow } from '../read/bad-rows.js';

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
}

/** Items as a source has them, in file order; the same id may come again. */
export interface RawItems {
  /** Ids; in ratings by code. */
  readonly itemIds: readonly string[];
  /** Titles. */
  readonly title: readonly string[];
  /** Multi-valued attributes by name, one list for each row. */
  readonly attributes: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** NaN where unknown. */
  readonly year: Float32Array;
}

/** Users as a source has them, in file order; the same id may come again. */
export interface RawUsers {
  /** Ids; in ratings by code. */
  readonly userIds: readonly string[];
  /** Multi-valued attributes by name, one list for each row. */
  readonly attributes: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** What a source gives. */
export interface RawTables {
  /** Who rated what. */
  readonly ratings: RawRatings;
  /** What there is to rate. */
  readonly items: RawItems;
  /** Who rates, where the source says anything about it. */
  readonly users?: RawUsers;
  /** The files that were read. */
  readonly files: readonly FileReport[];
  /** What the reader should know: files that were passed over, rows without a year, and so on. */
  readonly notes: readonly string[];
}

/** Options of a source. */
export interface LoadOptions {
  /** The folder that holds the source's files. */
  readonly dataDir: string;
  /** What to do with a malformed row. */
  readonly onBadRow: OnBadRow;
}

/** A dataset that can be read: a new one is one file and one line in the table of sources. */
export interface DatasetSource {
  /** The name on the command line. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /** @throws DataError where files are missing or malformed. */
  load(options: LoadOptions): Promise<RawTables>;
}
