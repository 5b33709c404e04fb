import { SLICES, SPLITS, type Interactions } from '../schemas/interactions.js';
import type { FileReport } from '../read/read-rows.js';
import type { OnBadRow } from '../read/bad-rows.js';
import type { DataOptions } from './options.js';

/** What is left after a step of the preparation. */
export interface CardStep {
  /** `read`, or the name of the rule: `without-item`, `duplicates`, `k-core`, `max-per-user`, `max-interactions`. */
  readonly step: string;
  /** Rows. */
  readonly rows: number;
  /** Users with rows. */
  readonly users: number;
  /** Items with rows. */
  readonly items: number;
  /** Rows that this step dropped. */
  readonly dropped: number;
}

/** Counts of a split or a slice. */
export interface CardSplit {
  /** Rows. */
  readonly rows: number;
  /** Users with rows. */
  readonly users: number;
  /** Rows with label 1. */
  readonly positives: number;
  /** Share of label 1; null without rows. */
  readonly labelRate: number | null;
}

/** Everything that decides how a dataset is prepared. */
export interface CardConfiguration {
  /** Seeds whatever is drawn. */
  readonly seed: number | string;
  /** What was done with malformed rows. */
  readonly onBadRow: OnBadRow;
  /** All options, defaults included. */
  readonly data: DataOptions;
}

/** First and last time of the rows that are left. */
export interface CardTimeRange {
  /** ISO 8601. */
  readonly from: string;
  /** ISO 8601. */
  readonly to: string;
}

/** Lengths of histories. */
export interface CardHistory {
  /** Mean over all rows. */
  readonly meanLength: number;
  /** Rows without a history. */
  readonly emptyRows: number;
  /** The longest. */
  readonly longest: number;
}

/** What a prepared dataset is and how it came about. The same input gives the same card. */
export interface DatasetCard {
  /** Name and version of this format. */
  readonly schema: 'dataset-card/1';
  /** The dataset's name. */
  readonly dataset: string;
  /** Everything that decided how it was prepared. */
  readonly configuration: CardConfiguration;
  /** What was read. */
  readonly files: readonly FileReport[];
  /** What was left after each step, in order. */
  readonly steps: readonly CardStep[];
  /** Metadata rows passed over because an earlier one has the same item id. */
  readonly repeatedItemRows: number;
  /** Rows. */
  readonly rows: number;
  /** Users with rows. */
  readonly users: number;
  /** Items with rows. */
  readonly items: number;
  /** Counts by split. */
  readonly splits: Readonly<Record<string, CardSplit>>;
  /** Counts by slice of the train split. */
  readonly slices: Readonly<Record<string, CardSplit>>;
  /** Share of label 1 over all rows, at the threshold and half a point beside it. */
  readonly labelRateAtThreshold: Readonly<Record<string, number>>;
  /** First and last time, ISO 8601; null where the source has none. */
  readonly timeRange: CardTimeRange | null;
  /** Lengths of histories. */
  readonly history: CardHistory;
  /** What else a reader should know. */
  readonly notes: readonly string[];
}

/** The counts that follow from the finished interactions. */
export function describeInteractions(
  interactions: Interactions,
  threshold: number,
): Pick<DatasetCard, 'rows' | 'users' | 'items' | 'splits' | 'slices' | 'labelRateAtThreshold' | 'timeRange' | 'history'> {
  const { length, rating, timestamp, historyOffsets } = interactions;
  const share = (limit: number): number => {
    let count = 0;
    for (let row = 0; row < length; row += 1) if (rating[row]! >= limit) count += 1;
    return count / length;
  };
  let [from, to, emptyRows, longest] = [Infinity, -Infinity, 0, 0];
  for (let row = 0; row < length; row += 1) {
    if (timestamp[row]! < from) from = timestamp[row]!;
    if (timestamp[row]! > to) to = timestamp[row]!;
    const size = historyOffsets[row + 1]! - historyOffsets[row]!;
    if (size === 0) emptyRows += 1;
    if (size > longest) longest = size;
  }
  return {
    rows: length,
    users: interactions.userIds.length,
    items: interactions.itemIds.length,
    splits: Object.fromEntries(SPLITS.map((name, code) => [name, describeWhere(interactions, interactions.split, code)])),
    slices: Object.fromEntries(
      SLICES.flatMap((name, code) => (name === null ? [] : [[name, describeWhere(interactions, interactions.slice, code)] as const])),
    ),
    labelRateAtThreshold: Object.fromEntries([threshold - 0.5, threshold, threshold + 0.5].map((limit) => [String(limit), share(limit)])),
    timeRange: from > to ? null : { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    history: { meanLength: interactions.history.length / length, emptyRows, longest },
  };
}

function describeWhere({ length, label, user }: Interactions, codes: Uint8Array, code: number): CardSplit {
  let [rows, users, positives, lastUser] = [0, 0, 0, -1];
  for (let row = 0; row < length; row += 1) {
    if (codes[row] !== code) continue;
    rows += 1;
    positives += label[row]!;
    if (user[row] !== lastUser) users += 1; // rows are sorted by user
    lastUser = user[row]!;
  }
  return { rows, users, positives, labelRate: rows === 0 ? null : positives / rows };
}

/** The card as the file card.json holds it. */
export function cardJson(card: DatasetCard): string {
  return `${JSON.stringify(card, null, 2)}\n`;
}
