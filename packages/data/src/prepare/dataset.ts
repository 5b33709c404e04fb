import type { z } from 'zod';
import type { OnBadRow } from '../read/bad-rows.js';
import type { DataOptions } from './options.js';
import type { PreparedDataset } from './prepare-tables.js';

/** What a dataset is prepared from. `O` is what its own options are once parsed. */
export interface DatasetRequest<O extends object = Readonly<Record<string, unknown>>> {
  /** The folder with its files; null where none was given. */
  readonly dataDir: string | null;
  /** Seeds whatever is drawn or made. */
  readonly seed: number;
  /** What to do with malformed rows. */
  readonly onBadRow: OnBadRow;
  /** How its rows become interactions: the options that all datasets have. */
  readonly data: DataOptions;
  /** Its own options. */
  readonly options: O;
  /** Makes an empty folder for what is written on the way; whoever asks for the dataset removes it in the end. */
  temporaryFolder(): Promise<string>;
}

/** A dataset that a configuration can name: one that is read, or one that is made. */
export interface Dataset<O extends object = Readonly<Record<string, unknown>>> {
  /** The word for it in a configuration and on the command line. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /**
   * Its own options: every field with a default and a description. They stand under `data` beside the options that all datasets have,
   * so none may be called as one of these.
   */
  readonly options: z.ZodObject & z.ZodType<O>;
  /** Whether it reads files, so that a run without a data folder is wrong from the start. Default false. */
  readonly needsFolder?: boolean;
  /**
   * Reads or makes it: labels, splits, slices and histories; its truth, where it is known; and in `warnings` what a reader of figures
   * has to know of it.
   * @throws DataOptionError `DATA_NO_FOLDER` where it needs a folder and was given none, and for options that make no sense
   * @throws DataError where files are missing or malformed, or nothing can be learned from them
   */
  prepare(request: DatasetRequest<O>): Promise<PreparedDataset>;
}
