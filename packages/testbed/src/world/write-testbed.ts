import { join } from 'node:path';
import {
  codeReader,
  columnOf,
  joinArrays,
  openTable,
  prepareIntoFolder,
  prepareTables,
  TRUTH_FILE,
  writeTruth,
  type DataOptionsInput,
  type Interactions,
  type PreparedDataset,
  type TruthRow,
} from '@expctr/data';
import { worldSource, worldTables } from './tables.js';
import { truthOf } from './truth.js';
import type { World } from './world.js';

/** A world as a dataset, with the truth of its interactions. */
export interface PreparedWorld extends PreparedDataset {
  /** One entry for each interaction, in their order. */
  readonly truth: readonly TruthRow[];
}

/**
 * Prepares a world's tables as any other dataset's: labels, k-core, splits, slices, histories; and the truth of what is left.
 * @param options for the card: the options that the world was made with
 * @throws TestbedError `TESTBED_OTHER_ROWS` where negatives were sampled: the world does not know them
 */
export function prepareWorld(world: World, data: DataOptionsInput = {}, options: object = {}): PreparedWorld {
  const dataset = prepareTables(worldTables(world), { dataset: 'testbed', seed: world.options.seed, data, options });
  return { ...dataset, truth: [...truthOf(world, dataset.interactions)] };
}

/** What {@link writeTestbed} wrote. */
export interface TestbedSummary {
  /** Users of the world. */
  readonly users: number;
  /** Items of the world. */
  readonly items: number;
  /** Rows that were written. */
  readonly interactions: number;
}

/**
 * Writes a world as a dataset folder (interactions.arrow, items.arrow, users.arrow, card.json) with truth.arrow beside it. Histories
 * and truth are made as they are written, so that ten million interactions fit a laptop.
 */
export async function writeTestbed(dir: string, world: World, data: DataOptionsInput = {}): Promise<TestbedSummary> {
  await prepareIntoFolder(dir, { dataset: 'testbed', dataDir: dir, sources: [worldSource(world)], seed: world.options.seed, data });
  const keys = await readKeys(join(dir, 'interactions.arrow'));
  await writeTruth(join(dir, TRUTH_FILE), truthOf(world, keys));
  return { users: keys.userIds.length, items: keys.itemIds.length, interactions: keys.length };
}

/** Who met what in each row, read without the histories, which are most of the file. */
async function readKeys(path: string): Promise<Pick<Interactions, 'length' | 'user' | 'userIds' | 'item' | 'itemIds'>> {
  const file = await openTable(path);
  try {
    const [users, items] = [codeReader(), codeReader()];
    const user: Int32Array[] = [];
    const item: Int32Array[] = [];
    let [userIds, itemIds, length]: [readonly string[], readonly string[], number] = [[], [], 0];
    for await (const part of file.batches()) {
      const [who, what] = [users.read(columnOf(part, 'user_id')), items.read(columnOf(part, 'item_id'))];
      user.push(who.codes);
      item.push(what.codes);
      [userIds, itemIds, length] = [who.values, what.values, length + part.numRows];
    }
    return { length, user: joinArrays(user, new Int32Array(length)), userIds, item: joinArrays(item, new Int32Array(length)), itemIds };
  } finally {
    await file.close();
  }
}
