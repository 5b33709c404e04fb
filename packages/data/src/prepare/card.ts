import type { FileReport } from '../read/read-rows.js';
import type { OnBadRow } from '../read/bad-rows.js';
import type { LabelChoice } from './labels.js';
import type { DataOptions } from './options.js';
import type { Words } from '../words/words.js';

/** What is left after a step of the preparation. */
export interface CardStep {
  /**
   * `read`, or the name of the rule: `without-item`, `implicit-zeros`, `below-threshold`, `duplicates`, `k-core`, `max-per-user`,
   * `negatives`, `max-interactions`.
   */
  readonly step: string;
  /** Rows. */
  readonly rows: number;
  /** Users with rows. */
  readonly users: number;
  /** Items with rows. */
  readonly items: number;
  /** Rows that this step dropped. */
  readonly dropped: number;
  /** Rows that this step added: sampled negatives. */
  readonly added?: number;
}

/** First and last time of the rows that are left. */
export interface CardTimeRange {
  /** ISO 8601. */
  readonly from: string;
  /** ISO 8601. */
  readonly to: string;
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
  /** First and last time; null where there is none. */
  readonly timeRange: CardTimeRange | null;
  /** Rows of a user without train rows. */
  readonly coldUserRows: number;
  /** Rows of an item without train rows. */
  readonly coldItemRows: number;
}

/** Everything that decides how a dataset is prepared. */
export interface CardConfiguration {
  /** Seeds whatever is drawn. */
  readonly seed: number | string;
  /** What was done with malformed rows. */
  readonly onBadRow: OnBadRow;
  /** All options, defaults included; those that only this dataset has stand beside the common ones. */
  readonly data: DataOptions & Readonly<Record<string, unknown>>;
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

/** How unevenly train rows are spread over items or users: the long tail. */
export interface CardTail {
  /** How many have train rows. */
  readonly count: number;
  /** `[rank, train rows]`, rank 1 the most frequent, at ranks that grow by a constant factor. */
  readonly curve: readonly (readonly [rank: number, rows: number])[];
  /** Share of the train rows that the most frequent fifth has; null without train rows. */
  readonly topFifthShare: number | null;
}

/** A numeric feature over the train rows, for normalization: (value - mean) / deviation. Fitted on train rows only. */
export interface CardNumber {
  /** Mean of the known values. */
  readonly mean: number;
  /** Standard deviation of the known values; 1 where they are all the same. */
  readonly deviation: number;
  /** Train rows whose value is known. */
  readonly known: number;
}

/** What a preparation that left no row came to grief over. */
export interface CardFailure {
  /** The error's code. */
  readonly code: string;
  /** The option that decides. */
  readonly option: string;
  /** The largest value of it that leaves rows. */
  readonly largest: number;
}

/** What a prepared dataset is and how it came about. The same input gives the same card. */
export interface DatasetCard {
  /** Name and version of this format. */
  readonly schema: 'dataset-card/1';
  /** The dataset's name. */
  readonly dataset: string;
  /** Everything that decided how it was prepared. */
  readonly configuration: CardConfiguration;
  /** What decided the labels, the dataset's own defaults included. */
  readonly label: Pick<LabelChoice, 'rule' | 'threshold'>;
  /** What was read. */
  readonly files: readonly FileReport[];
  /** SHA-256 of all input: of the names and hashes of the files. */
  readonly inputsSha256: string;
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
  /** Share of label 1 over all rows at the threshold and at the next lower and next higher rating that occur; empty under other rules. */
  readonly labelRateAtThreshold: Readonly<Record<string, number>>;
  /** First and last time; null where the source has none. */
  readonly timeRange: CardTimeRange | null;
  /** Lengths of histories. */
  readonly history: CardHistory;
  /** The long tail of items and of users, by train rows. */
  readonly longTail: {
    /** Train rows of each item. */
    readonly items: CardTail;
    /** Train rows of each user. */
    readonly users: CardTail;
  };
  /** Numeric features by name, `item.year` for instance. */
  readonly numbers: Readonly<Record<string, CardNumber>>;
  /** The words in which prompts speak of its items, with worked examples; whoever reads the dataset from its folder finds them here. */
  readonly words: Words;
  /** What else a reader should know. */
  readonly notes: readonly string[];
  /** Where no row was left: why. There are no tables beside such a card. */
  readonly failure?: CardFailure;
}

/** The card as the file card.json holds it. */
export function cardJson(card: DatasetCard): string {
  return `${JSON.stringify(card, null, 2)}\n`;
}
