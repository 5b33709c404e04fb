import type { Table } from 'apache-arrow';
import {
  buildTable,
  dictionaryColumn,
  float32Column,
  timestampColumn,
  uint32Column,
  uint32ListColumn,
  uint8Column,
  type Column,
} from './arrow-build.js';
import { columnOf, readCodes, readNumbers, readUint32Lists } from './arrow-read.js';
import { validateTable } from './validate.js';

/** The splits, in the order of their codes in {@link Interactions.split}. */
export const SPLITS = ['train', 'valid', 'test'] as const;
/** A split's name. */
export type Split = (typeof SPLITS)[number];

/** The slices of the train split, in the order of their codes in {@link Interactions.slice}; null stands for valid and test rows. */
export const SLICES = ['policy', 'ctr', null] as const;
/** A slice's name: the policy learns on the earlier half of a user's train rows, the CTR model on the later half. */
export type Slice = (typeof SLICES)[number];

/**
 * interactions/1 in memory: columns of `length` rows, sorted by user and, within a user, by time.
 * Row r is interaction r; users and items are codes into `userIds` and `itemIds`.
 */
export interface Interactions {
  /** Number of rows. */
  readonly length: number;
  /** The row number. */
  readonly interactionId: Uint32Array;
  /** Codes into `userIds`. */
  readonly user: Int32Array;
  /** Codes into `itemIds`, and rows of the {@link Items} beside it. */
  readonly item: Int32Array;
  /** Ids by code. */
  readonly userIds: readonly string[];
  /** Ids by code. */
  readonly itemIds: readonly string[];
  /** 1 = the user chose the item, 0 = not. */
  readonly label: Uint8Array;
  /** The source's rating, NaN where it has none. */
  readonly rating: Float32Array;
  /** Milliseconds since 1970 (UTC); NaN where the source has no time. */
  readonly timestamp: Float64Array;
  /** Codes into {@link SPLITS}. */
  readonly split: Uint8Array;
  /** Codes into {@link SLICES}. */
  readonly slice: Uint8Array;
  /** length + 1 offsets into `history`. */
  readonly historyOffsets: Uint32Array;
  /** Interaction ids of strictly earlier rows of the same user, oldest first; row r's lie at `historyOffsets[r] .. historyOffsets[r + 1]`. */
  readonly history: Uint32Array;
}

/** The history of row `row`: a view, not a copy. */
export function historyOf(interactions: Interactions, row: number): Uint32Array {
  return interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1]);
}

/** The rows of a split, and of a slice where one is named, in row order. */
export function rowsOf(interactions: Interactions, split: Split, slice?: 'policy' | 'ctr'): Uint32Array {
  const splitCode = SPLITS.indexOf(split);
  const sliceCode = slice === undefined ? -1 : SLICES.indexOf(slice);
  return interactions.interactionId.filter(
    (_, row) => interactions.split[row] === splitCode && (sliceCode < 0 || interactions.slice[row] === sliceCode),
  );
}

const NO_SLICE = SLICES.indexOf(null);

/** As an Arrow table with schema interactions/1; `extra` columns are appended as they are. */
export function interactionsToTable(interactions: Interactions, extra: readonly Column[] = []): Table {
  return buildTable('interactions/1', interactions.length, [
    uint32Column('interaction_id', interactions.interactionId),
    dictionaryColumn('user_id', 0, interactions.user, interactions.userIds),
    dictionaryColumn('item_id', 1, interactions.item, interactions.itemIds),
    uint8Column('label', interactions.label),
    float32Column('rating', interactions.rating, true),
    timestampColumn('timestamp', interactions.timestamp),
    dictionaryColumn('split', 2, new Int32Array(interactions.split), SPLITS),
    dictionaryColumn(
      'slice',
      3,
      new Int32Array(interactions.slice).map((code) => (code === NO_SLICE ? -1 : code)),
      SLICES.slice(0, 2) as string[],
      true,
    ),
    uint32ListColumn('history', interactions.historyOffsets, interactions.history),
    ...extra,
  ]);
}

/** From an Arrow table. @throws DataError where the table is not interactions/1 (see {@link validateTable}). */
export function interactionsFromTable(table: Table): Interactions {
  validateTable(table, 'interactions/1');
  const length = table.numRows;
  const user = readCodes(columnOf(table, 'user_id'));
  const item = readCodes(columnOf(table, 'item_id'));
  const split = readCodes(columnOf(table, 'split'));
  const slice = readCodes(columnOf(table, 'slice'));
  const history = readUint32Lists(columnOf(table, 'history'));
  return {
    length,
    interactionId: readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(length)),
    user: user.codes,
    item: item.codes,
    userIds: user.values,
    itemIds: item.values,
    label: readNumbers(columnOf(table, 'label'), new Uint8Array(length)),
    rating: readNumbers(columnOf(table, 'rating'), new Float32Array(length)),
    timestamp: readNumbers(columnOf(table, 'timestamp'), new Float64Array(length)),
    split: Uint8Array.from(split.codes, (code) => SPLITS.indexOf(split.values[code] as Split)),
    slice: Uint8Array.from(slice.codes, (code) => SLICES.indexOf((slice.values[code] ?? null) as Slice)),
    historyOffsets: history.offsets,
    history: history.values,
  };
}
