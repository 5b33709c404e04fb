import { join } from 'node:path';
import { prepareTables, writeDataset, type DataOptionsInput, type PreparedDataset } from '@expctr/data';
import { worldTables } from './tables.js';
import { truthOf, writeTruth, type TruthRow } from './truth.js';
import type { World } from './world.js';

/** A world as a dataset, and the truth of its interactions, row by row. */
export interface PreparedWorld {
  readonly dataset: PreparedDataset;
  readonly truth: readonly TruthRow[];
}

/** Prepares a world's tables as any other dataset's: labels, k-core, splits, slices, histories; and the truth of what is left. */
export function prepareWorld(world: World, data: DataOptionsInput = {}): PreparedWorld {
  const dataset = prepareTables(worldTables(world), { dataset: 'testbed', seed: world.options.seed, data });
  return { dataset, truth: truthOf(world, dataset.interactions) };
}

/** What {@link writeTestbed} wrote. */
export interface TestbedSummary {
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  /** Share of labels that are 1. */
  readonly liked: number;
}

/** Name of the file with the truth, beside the dataset's own. */
export const TRUTH_FILE = 'truth.arrow';

/** Writes a world as a dataset folder (interactions.arrow, items.arrow, users.arrow, card.json) with truth.arrow beside it. */
export async function writeTestbed(dir: string, world: World, data: DataOptionsInput = {}): Promise<TestbedSummary> {
  const { dataset, truth } = prepareWorld(world, data);
  await writeDataset(dir, dataset);
  await writeTruth(join(dir, TRUTH_FILE), truth);
  const { label, length, userIds, itemIds } = dataset.interactions;
  return { users: userIds.length, items: itemIds.length, interactions: length, liked: label.reduce((sum, one) => sum + one, 0) / length };
}
