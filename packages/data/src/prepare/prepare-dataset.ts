import type { OnBadRow } from '../read/bad-rows.js';
import { datasetSource, datasetSources } from '../sources/sources.js';
import type { DatasetSource } from '../sources/raw-tables.js';
import type { DataOptionsInput } from './options.js';
import { prepareTables, type PreparedDataset } from './prepare-tables.js';

/** Options of {@link prepareDataset}. */
export interface PrepareOptions {
  /** The name of a source. */
  readonly dataset: string;
  /** The folder with the dataset's files. */
  readonly dataDir: string;
  /** What to do with malformed rows. Default `fail`. */
  readonly onBadRow?: OnBadRow;
  /** Default 0. */
  readonly seed?: number | string;
  /** How ratings become interactions; see {@link dataOptionsSchema} for the defaults. */
  readonly data?: DataOptionsInput;
  /** The sources to look in. Default: the built-in ones. */
  readonly sources?: readonly DatasetSource[];
}

/** Reads a dataset and prepares it (see {@link prepareTables}). @throws DataError, DataOptionError */
export async function prepareDataset(options: PrepareOptions): Promise<PreparedDataset> {
  const { dataset, dataDir, onBadRow = 'fail', seed = 0, data = {}, sources = datasetSources } = options;
  const raw = await datasetSource(dataset, sources).load({ dataDir, onBadRow });
  return prepareTables(raw, { dataset, seed, onBadRow, data });
}
