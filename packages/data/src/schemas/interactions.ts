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
