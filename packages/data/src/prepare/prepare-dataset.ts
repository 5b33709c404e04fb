import { checkOptions, type OptionKeys } from '@expctr/core';
import type { OnBadRow } from '../read/bad-rows.js';
import { datasetSource, datasetSources } from '../sources/sources.js';
import type { DatasetSource, RawTables } from '../sources/raw-tables.js';
import { parseDataOptions, type DataOptionsInput } from './options.js';
import type { DatasetCard } from './card.js';
import { writePlanned } from './dataset-folder.js';
import { planDataset, type PrepareTablesOptions } from './plan.js';
import { prepareTables, type PreparedDataset } from './prepare-tables.js';
import type { DataWarning } from './warnings.js';

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
  /** How ratings become interactions (see {@link dataOptionsSchema} for the defaults), and the options that only this source has. */
  readonly data?: DataOptionsInput & Readonly<Record<string, unknown>>;
  /** The sources to look in. Default: the built-in ones. */
  readonly sources?: readonly DatasetSource[];
}

/** A dataset that was prepared into a folder. */
export interface PreparedFolder {
  /** How it came about. */
  readonly card: DatasetCard;
  /** What a user of the data should know. */
  readonly warnings: readonly DataWarning[];
}

const PREPARE_OPTIONS: OptionKeys<PrepareOptions> = {
  dataset: true,
  dataDir: true,
  onBadRow: true,
  seed: true,
  data: true,
  sources: true,
};

/** Reads a dataset and prepares it in memory (see {@link prepareTables}). @throws DataError, DataOptionError */
export async function prepareDataset(options: PrepareOptions): Promise<PreparedDataset> {
  checkOptions('prepareDataset', options, PREPARE_OPTIONS);
  const { raw, ...rest } = await load(options);
  return prepareTables(raw, rest);
}

/**
 * Reads a dataset, prepares it and writes it into a folder (see {@link writeDataset}), in some 35 bytes of memory a rating.
 * @throws DataError, DataOptionError
 */
export async function prepareIntoFolder(folder: string, options: PrepareOptions): Promise<PreparedFolder> {
  checkOptions('prepareIntoFolder', options, PREPARE_OPTIONS);
  const { raw, ...rest } = await load(options);
  const planned = planDataset(raw, rest, true);
  return { card: await writePlanned(folder, planned), warnings: planned.warnings };
}

async function load(request: PrepareOptions): Promise<PrepareTablesOptions & { readonly raw: RawTables }> {
  const { dataset, dataDir, onBadRow = 'fail', seed = 0, sources = datasetSources } = request;
  const source = datasetSource(dataset, sources);
  const { data, options } = parseDataOptions(request.data ?? {}, source.options);
  const { files, truncated } = data;
  return { dataset, seed, onBadRow, data, options, raw: await source.load({ dataDir, onBadRow, files, truncated, options }) };
}
