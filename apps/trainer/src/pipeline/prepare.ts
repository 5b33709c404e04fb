import { writeFileAtomic } from '@expctr/core';
import { interactionsFromTable, interactionsToTable, itemsFromTable, itemsToTable, prepareDataset, readTable, writeTable, type Interactions, type Items, type PreparedDataset } from '@expctr/data';
import { ConfigError } from '../config/resolve.js';
import type { Config } from '../config/schema.js';
import type { RunFolder } from '../run/run-folder.js';

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

/** Writes the tables of a new run. */
export async function writeData(folder: RunFolder, { interactions, items, card }: PreparedDataset): Promise<void> {
  await writeTable(folder.items, itemsToTable(items));
  await writeFileAtomic(folder.card, `${JSON.stringify(card, null, 2)}\n`);
  await writeTable(folder.interactions, interactionsToTable(interactions));
}

/** The tables of a run that has been begun. */
export async function readData(folder: RunFolder): Promise<{ interactions: Interactions; items: Items }> {
  const interactions = interactionsFromTable(await readTable(folder.interactions));
  return { interactions, items: itemsFromTable(await readTable(folder.items), interactions.itemIds) };
}
