import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { interactionBatches, interactionsFromTable, streamOf } from '../schemas/interaction-table.js';
import { itemsFromTable, itemsToTable, usersFromTable, usersToTable } from '../schemas/items.js';
import { readTable, writeBatches, writeTable } from '../schemas/table-file.js';
import { cardHtml } from './card-html.js';
import { cardJson, type DatasetCard } from './card.js';
import { createHistoryCounter } from './describe.js';
import type { PlannedDataset } from './plan.js';
import type { PreparedDataset } from './prepare-tables.js';

const INTERACTIONS = 'interactions.arrow';
const ITEMS = 'items.arrow';
const USERS = 'users.arrow';
/** Every file that a prepared dataset consists of. */
export const DATASET_FILES: readonly string[] = [INTERACTIONS, ITEMS, USERS, 'card.json', 'card.html'];

/** Writes `interactions.arrow`, `items.arrow`, `users.arrow`, `card.json` and `card.html` into a folder. The same dataset gives the same bytes. */
export async function writeDataset(folder: string, dataset: Omit<PreparedDataset, 'warnings'>): Promise<void> {
  const { schema, batches } = interactionBatches(streamOf(dataset.interactions));
  await writeBatches(join(folder, INTERACTIONS), schema, batches);
  await writeRest(folder, dataset, dataset.card);
}

/** Writes the files of {@link writeDataset}, with histories made on the way: never more than two batches of them are in memory. */
export async function writePlanned(folder: string, { interactions, card, ...rest }: PlannedDataset): Promise<DatasetCard> {
  const counter = createHistoryCounter();
  const { schema, batches } = interactionBatches({
    ...interactions,
    histories(start, end) {
      const lists = interactions.histories(start, end);
      counter.add(lists.offsets);
      return lists;
    },
  });
  await writeBatches(join(folder, INTERACTIONS), schema, batches);
  const complete = { ...card, history: counter.result() };
  await writeRest(folder, rest, complete);
  return complete;
}

/**
 * Reads what {@link writeDataset} wrote, the card aside; items and users are put into the order of the interactions' codes.
 * @throws DataError where a file is missing or is not what its name says.
 */
export async function readDataset(folder: string): Promise<Pick<PreparedDataset, 'interactions' | 'items' | 'users'>> {
  const interactions = interactionsFromTable(await readTable(join(folder, INTERACTIONS)));
  const items = itemsFromTable(await readTable(join(folder, ITEMS)), interactions.itemIds);
  const users = usersFromTable(await readTable(join(folder, USERS)), interactions.userIds);
  return { interactions, items, users };
}

async function writeRest(folder: string, { items, users }: Pick<PlannedDataset, 'items' | 'users'>, card: DatasetCard): Promise<void> {
  await writeTable(join(folder, ITEMS), itemsToTable(items));
  await writeTable(join(folder, USERS), usersToTable(users));
  await writeCard(folder, card);
}

/** Writes `card.json` and `card.html`. */
export async function writeCard(folder: string, card: DatasetCard): Promise<void> {
  await writeFileAtomic(join(folder, 'card.json'), cardJson(card));
  await writeFileAtomic(join(folder, 'card.html'), cardHtml(card));
}
