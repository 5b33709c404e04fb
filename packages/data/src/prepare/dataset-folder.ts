import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { interactionsFromTable, interactionsToTable } from '../schemas/interactions.js';
import { itemsFromTable, itemsToTable, usersFromTable, usersToTable } from '../schemas/items.js';
import { readTable, writeTable } from '../schemas/table-file.js';
import { cardJson } from './card.js';
import type { PreparedDataset } from './prepare-tables.js';

/** Writes `interactions.arrow`, `items.arrow`, `users.arrow` and `card.json` into a folder. The same dataset gives the same bytes. */
export async function writeDataset(folder: string, dataset: Omit<PreparedDataset, 'warnings'>): Promise<void> {
  await writeTable(join(folder, 'interactions.arrow'), interactionsToTable(dataset.interactions));
  await writeTable(join(folder, 'items.arrow'), itemsToTable(dataset.items));
  await writeTable(join(folder, 'users.arrow'), usersToTable(dataset.users));
  await writeFileAtomic(join(folder, 'card.json'), cardJson(dataset.card));
}

/**
 * Reads what {@link writeDataset} wrote, the card aside; items and users are put into the order of the interactions' codes.
 * @throws DataError where a file is missing or is not what its name says.
 */
export async function readDataset(folder: string): Promise<Pick<PreparedDataset, 'interactions' | 'items' | 'users'>> {
  const interactions = interactionsFromTable(await readTable(join(folder, 'interactions.arrow')));
  const items = itemsFromTable(await readTable(join(folder, 'items.arrow')), interactions.itemIds);
  const users = usersFromTable(await readTable(join(folder, 'users.arrow')), interactions.userIds);
  return { interactions, items, users };
}
