import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { interactionBatches, interactionsFromTable, streamOf } from '../schemas/interaction-table.js';
import { itemsFromTable, itemsToTable, usersFromTable, usersToTable } from '../schemas/items.js';
import { readTable, writeBatches, writeTable } from '../schemas/table-file.js';
import { readTruth, writeTruth, type TruthRow } from '../schemas/truth.js';
import { cardHtml } from './card-html.js';
import { cardJson, type DatasetCard } from './card.js';
import { createHistoryCounter } from './describe.js';
import type { PlannedDataset } from './plan.js';
import type { PreparedDataset } from './prepare-tables.js';
import { readWords } from './read-words.js';
import type { Words } from '../words/words.js';

const INTERACTIONS = 'interactions.arrow';
const ITEMS = 'items.arrow';
const USERS = 'users.arrow';
const CARD = 'card.json';
/** Name of the file with the truth of a dataset that has one. */
export const TRUTH_FILE = 'truth.arrow';
/** Every file that a prepared dataset can consist of. */
export const DATASET_FILES: readonly string[] = [INTERACTIONS, ITEMS, USERS, TRUTH_FILE, CARD, 'card.html'];

/**
 * Writes `interactions.arrow`, `items.arrow`, `users.arrow`, `card.json` and `card.html` into a folder, and `truth.arrow` where the
 * dataset has a truth (where it has none, one that an earlier dataset left is removed). The same dataset gives the same bytes.
 */
export async function writeDataset(folder: string, dataset: Omit<PreparedDataset, 'warnings'>): Promise<void> {
  const { schema, batches } = interactionBatches(streamOf(dataset.interactions));
  await writeBatches(join(folder, INTERACTIONS), schema, batches);
  await writeRest(folder, dataset, dataset.card);
  if (dataset.truth !== undefined) await writeTruth(join(folder, TRUTH_FILE), dataset.truth);
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

/** A dataset read from its folder. */
export interface StoredDataset extends Pick<PreparedDataset, 'interactions' | 'items' | 'users'> {
  /** What is known of each interaction, in their order; null where the dataset has no truth. */
  readonly truth: readonly TruthRow[] | null;
  /** The words in which prompts speak of its items. */
  readonly words: Words;
}

/**
 * Reads what {@link writeDataset} wrote, and of the card the words; items and users are put into the order of the interactions' codes.
 * @throws DataError where a file is missing or is not what its name says, `DATA_TRUTH_ROWS` where the truth is of other interactions.
 */
export async function readDataset(folder: string): Promise<StoredDataset> {
  const interactions = interactionsFromTable(await readTable(join(folder, INTERACTIONS)));
  const items = itemsFromTable(await readTable(join(folder, ITEMS)), interactions.itemIds);
  const users = usersFromTable(await readTable(join(folder, USERS)), interactions.userIds);
  const truthPath = join(folder, TRUTH_FILE);
  const hasTruth = await access(truthPath).then(
    () => true,
    () => false,
  );
  const words = await readWords(join(folder, CARD));
  return { interactions, items, users, truth: hasTruth ? await readTruth(truthPath, interactions.length) : null, words };
}

async function writeRest(folder: string, { items, users }: Pick<PlannedDataset, 'items' | 'users'>, card: DatasetCard): Promise<void> {
  await writeTable(join(folder, ITEMS), itemsToTable(items));
  await writeTable(join(folder, USERS), usersToTable(users));
  await writeCard(folder, card);
  await rm(join(folder, TRUTH_FILE), { force: true });
}

/** Writes `card.json` and `card.html`. */
export async function writeCard(folder: string, card: DatasetCard): Promise<void> {
  await writeFileAtomic(join(folder, CARD), cardJson(card));
  await writeFileAtomic(join(folder, 'card.html'), cardHtml(card));
}
