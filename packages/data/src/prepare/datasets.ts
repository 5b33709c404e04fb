import { z } from 'zod';
import { DataOptionError } from '../errors.js';
import type { DatasetSource } from '../sources/raw-tables.js';
import { datasetSources, unknownDataset } from '../sources/sources.js';
import type { Dataset } from './dataset.js';
import { prepareTables } from './prepare-tables.js';

/** A dataset of a source of files: what it loads is prepared by {@link prepareTables}. */
export function datasetFrom<O extends object = Readonly<Record<string, unknown>>>(source: DatasetSource<O>): Dataset<O> {
  const { name, description } = source;
  return {
    name,
    description,
    needsFolder: true,
    options: source.options ?? (z.object({}) as z.ZodObject & z.ZodType<O>),
    async prepare({ dataDir, seed, onBadRow, data, options }) {
      const { files, truncated } = data;
      const raw = await source.load({ dataDir: requireFolder(dataDir, name), onBadRow, files, truncated, options });
      return prepareTables(raw, { dataset: name, seed, onBadRow, data, options });
    },
  };
}

/** The datasets that are read from files, by name: one for each source. */
export const datasets: Readonly<Record<string, Dataset>> = Object.fromEntries(
  datasetSources.map((source) => [source.name, datasetFrom(source)]),
);

/**
 * A dataset by its name.
 * @param own datasets of one's own; one of them hides a built-in one of its name
 * @throws DataOptionError `DATA_UNKNOWN_DATASET` with the names that there are
 */
export function findDataset(name: string, own: readonly Dataset[] = []): Dataset {
  const all = [...own, ...Object.values(datasets)];
  const found = all.find((dataset) => dataset.name === name);
  if (found !== undefined) return found;
  throw unknownDataset(
    name,
    all.map((dataset) => dataset.name),
  );
}

function requireFolder(dataDir: string | null, name: string): string {
  if (dataDir !== null) return dataDir;
  throw new DataOptionError('DATA_NO_FOLDER', `dataset '${name}' needs the folder with its files`, {
    where: '--data-dir',
    expected: 'a folder, a file or a zip archive',
    remedy: 'pass --data-dir FOLDER',
  });
}
