import { checkOptions, type OptionKeys } from '@expctr/core';
import { historiesInMemory } from './histories-in-memory.js';
import { planDataset, type PlannedDataset, type PrepareTablesOptions } from './plan.js';
import type { DatasetCard } from './card.js';
import type { Interactions } from '../schemas/interactions.js';
import type { TruthRow } from '../schemas/truth.js';
import type { RawTables } from '../sources/raw-tables.js';

/** A dataset, ready for training. */
export interface PreparedDataset extends Pick<PlannedDataset, 'items' | 'users' | 'warnings'> {
  /** The rows. */
  readonly interactions: Interactions;
  /** How it came about. */
  readonly card: DatasetCard;
  /** What is known of each interaction, in their order, where the dataset's workings are known; may be gone through more than once. */
  readonly truth?: Iterable<TruthRow>;
}

const PREPARE_TABLES_OPTIONS: OptionKeys<PrepareTablesOptions> = { dataset: true, seed: true, onBadRow: true, data: true, options: true };

/**
 * Turns raw tables into interactions with labels, splits, slices and histories, in memory. In this order: rows whose item has no
 * metadata, implicit zeros and repeated pairs of user and item are dropped (the last of a pair stays), k-core, `maxPerUser`, splits and
 * slices, labels, sampled negatives, `maxInteractions`, histories. Ties in time are broken by file order.
 * @throws DataError `DATA_EMPTY`, `DATA_EMPTY_CORE`, `DATA_ONE_CLASS` where nothing can be learned from what is left.
 */
export function prepareTables(raw: RawTables, options: PrepareTablesOptions): PreparedDataset {
  checkOptions('prepareTables', options, PREPARE_TABLES_OPTIONS);
  const { interactions: stream, card, ...rest } = planDataset(raw, options);
  const { histories, ...columns } = stream;
  const { historyOffsets, values, history } = historiesInMemory(histories, columns.length);
  const interactionId = new Uint32Array(columns.length);
  for (let row = 0; row < columns.length; row += 1) interactionId[row] = row;
  return { ...rest, interactions: { ...columns, interactionId, historyOffsets, history: values }, card: { ...card, history } };
}
