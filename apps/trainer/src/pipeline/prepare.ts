import { prepareDataset, type PreparedDataset } from '@expctr/data';
import { ConfigError } from '../config/resolve.js';
import type { Config } from '../config/schema.js';

/** Reads and prepares the dataset that the configuration names. `dataDir` stands for the option where the data is generated. */
export async function prepareData(config: Config, { dataset, dataDir }: { dataset: string; dataDir: string | null }): Promise<PreparedDataset> {
  if (dataDir === null) {
    throw new ConfigError('CONFIG_NO_DATA_DIR', `dataset "${dataset}" needs the folder with its files`, {
      where: 'dataDir',
      remedy: 'pass --data-dir FOLDER, or run the embedded default with --preset demo',
    });
  }
  const { onBadRow, ...data } = config.data;
  return prepareDataset({ dataset, dataDir, onBadRow, seed: config.seed, data });
}
