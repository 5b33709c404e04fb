import { createHash } from 'node:crypto';
import type { FileReport } from '../read/read-rows.js';
import type { InteractionStream } from '../schemas/interaction-table.js';
import { SLICES, SPLITS } from '../schemas/interactions.js';
import type { CardHistory, CardSplit, CardTimeRange, DatasetCard } from './card.js';
import type { LabelChoice } from './labels.js';
import type { TrainCounts } from './popularity.js';

/** The columns of the finished rows. */
export type FinishedRows = Omit<InteractionStream, 'histories' | 'userIds' | 'itemIds'>;

/** SHA-256 of the names and hashes of the files. */
export function hashInputs(files: readonly FileReport[]): string {
  const lines = files.map(({ file, sha256 }) => `${sha256}  ${file}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** The counts that follow from the finished rows. */
export function describeRows(
  rows: FinishedRows,
  trainCounts: TrainCounts,
  label: LabelChoice,
): Pick<DatasetCard, 'rows' | 'users' | 'items' | 'splits' | 'slices' | 'labelRateAtThreshold' | 'timeRange'> {
  const splits = countBy(rows, rows.split, SPLITS, trainCounts);
  const slices = countBy(rows, rows.slice, SLICES, trainCounts);
  const ranges = Object.values(splits).flatMap(({ timeRange }) => (timeRange === null ? [] : [timeRange]));
  return {
    rows: rows.length,
    users: trainCounts.users.length,
    items: trainCounts.items.length,
    splits,
    slices,
    labelRateAtThreshold: label.rule === 'threshold' && label.threshold !== null ? ratesAround(rows.rating, label.threshold) : {},
    timeRange:
      ranges.length === 0
        ? null
        : {
            from: ranges.map(({ from }) => from).sort()[0]!,
            to: ranges
              .map(({ to }) => to)
              .sort()
              .at(-1)!,
          },
  };
}

/** Counts by code; a name of null is left out. Rows are sorted by user. */
function countBy(
  { length, user, item, label, timestamp }: FinishedRows,
  codes: Uint8Array,
  names: readonly (string | null)[],
  trainCounts: TrainCounts,
): Record<string, CardSplit> {
  const zeros = (): Float64Array => new Float64Array(names.length);
  const [rows, users, positives, coldUserRows, coldItemRows] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  const lastUser = zeros().fill(-1);
  const from = zeros().fill(Infinity);
  const to = zeros().fill(-Infinity);
  for (let row = 0; row < length; row += 1) {
    const code = codes[row]!;
    rows[code]! += 1;
    positives[code]! += label[row]!;
    if (lastUser[code] !== user[row]) users[code]! += 1;
    lastUser[code] = user[row]!;
    if (trainCounts.users[user[row]!] === 0) coldUserRows[code]! += 1;
    if (trainCounts.items[item[row]!] === 0) coldItemRows[code]! += 1;
    const time = timestamp[row]!;
    if (time < from[code]!) from[code] = time;
    if (time > to[code]!) to[code] = time;
  }
  const describe = (code: number): CardSplit => ({
    rows: rows[code]!,
    users: users[code]!,
    positives: positives[code]!,
    labelRate: rows[code] === 0 ? null : positives[code]! / rows[code]!,
    timeRange: rangeOf(from[code]!, to[code]!),
    coldUserRows: coldUserRows[code]!,
    coldItemRows: coldItemRows[code]!,
  });
  return Object.fromEntries(names.flatMap((name, code) => (name === null ? [] : [[name, describe(code)] as const])));
}

function rangeOf(from: number, to: number): CardTimeRange | null {
  return from > to ? null : { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** Share of label 1 at the threshold, and at the ratings next to it. */
function ratesAround(rating: Float32Array, threshold: number): Record<string, number> {
  let [below, above, atBelow, atThreshold, atLeast] = [-Infinity, Infinity, 0, 0, 0];
  for (let row = 0; row < rating.length; row += 1) {
    const value = rating[row]!;
    if (value >= threshold) {
      atLeast += 1;
      if (value === threshold) atThreshold += 1;
      else if (value < above) above = value;
    } else if (value > below) {
      below = value;
      atBelow = 1;
    } else if (value === below) atBelow += 1;
  }
  const rates: [number, number][] = [
    [below, atLeast + atBelow],
    [threshold, atLeast],
    [above, atLeast - atThreshold],
  ];
  return Object.fromEntries(
    rates.filter(([limit]) => Number.isFinite(limit)).map(([limit, count]) => [String(limit), count / rating.length]),
  );
}

/** Counts histories as they are made, some rows at a time. */
export function createHistoryCounter(): { add(offsets: Uint32Array): void; result(): CardHistory } {
  let [rows, total, emptyRows, longest] = [0, 0, 0, 0];
  return {
    add(offsets) {
      for (let i = 0; i + 1 < offsets.length; i += 1) {
        const size = offsets[i + 1]! - offsets[i]!;
        if (size === 0) emptyRows += 1;
        if (size > longest) longest = size;
      }
      rows += offsets.length - 1;
      total += offsets.at(-1)! - offsets[0]!;
    },
    result: () => ({ meanLength: rows === 0 ? 0 : total / rows, emptyRows, longest }),
  };
}
