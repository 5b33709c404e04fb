import type { DataOptions } from './options.js';
import { SPLITS } from '../schemas/interactions.js';
import type { RawTables } from '../sources/raw-tables.js';
import type { Rows } from './rows.js';

const TRAIN = SPLITS.indexOf('train');

/** What decides the labels of a dataset. */
export interface LabelChoice {
  /** The rule by name. */
  readonly rule: Exclude<DataOptions['label'], 'auto'>;
  /** A rating of at least this is label 1; null where ratings do not decide. */
  readonly threshold: number | null;
  /** Whether rows with rating 0 say only that there was an interaction, and are dropped. */
  readonly dropZeros: boolean;
}

/** The threshold of a source that has none of its own. */
const DEFAULT_THRESHOLD = 4;

/** What the options say, and where they leave it open, the source. */
export function chooseLabels(
  { label, threshold }: Pick<DataOptions, 'label' | 'threshold'>,
  { ratings, label: own }: Pick<RawTables, 'ratings' | 'label'>,
): LabelChoice {
  const rule = label !== 'auto' ? label : ratings.kind === 'implicit' ? 'implicit' : 'threshold';
  const sourceThreshold = own?.threshold ?? (ratings.kind === 'click' ? 1 : DEFAULT_THRESHOLD);
  return {
    rule,
    threshold: rule === 'threshold' ? (threshold ?? sourceThreshold) : rule === 'implicit' ? threshold : null,
    dropZeros: own?.zerosAreImplicit === true && rule !== 'implicit',
  };
}

type LabelRule = (rows: Rows, choice: Pick<LabelChoice, 'threshold'>, split: Uint8Array) => Uint8Array;

/** Every way to label rows: 1 or 0 for each. A new one is one entry. */
export const LABEL_RULES = {
  threshold: ({ rating }: Pick<Rows, 'rating'>, { threshold }: Pick<LabelChoice, 'threshold'>) =>
    atLeast(rating, threshold ?? DEFAULT_THRESHOLD),
  'user-mean': (rows: Rows, _: unknown, split: Uint8Array) => aboveUserMean(rows, split),
  implicit: ({ length }: Pick<Rows, 'length'>) => new Uint8Array(length).fill(1),
} satisfies { readonly [rule in LabelChoice['rule']]: LabelRule };

/** The threshold is rounded as the ratings are: a rating of 4.1 is held as 4.0999999, and is at least 4.1 all the same. */
function atLeast(rating: Float32Array, threshold: number): Uint8Array {
  const limit = Math.fround(threshold);
  const label = new Uint8Array(rating.length);
  // Number(), not a choice: ratings are as good as random, and a branch on them is mispredicted every other time.
  for (let row = 0; row < label.length; row += 1) label[row] = Number(rating[row]! >= limit);
  return label;
}

/**
 * 1 where a rating is above the mean of the user's train ratings. A user without train rows is measured by the mean of all train
 * ratings. No rating outside the train split has a part in it: a mean over all of a user's rows would tell of the test rows.
 */
function aboveUserMean(rows: Rows, split: Uint8Array): Uint8Array {
  const label = new Uint8Array(rows.length);
  const meanOf = (start: number, end: number): number => {
    let [sum, count] = [0, 0];
    for (let row = start; row < end; row += 1) {
      if (split[row] !== TRAIN || Number.isNaN(rows.rating[row]!)) continue;
      sum += rows.rating[row]!;
      count += 1;
    }
    return sum / count;
  };
  const overall = meanOf(0, rows.length);
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) {
    const [start, end] = [rows.userStart[user]!, rows.userStart[user + 1]!];
    const own = meanOf(start, end);
    const mean = Number.isNaN(own) ? overall : own;
    for (let row = start; row < end; row += 1) label[row] = rows.rating[row]! > mean ? 1 : 0;
  }
  return label;
}
