import { createRng } from '@expctr/core';
import { DataError, DataOptionError } from '../errors.js';
import { SPLITS, type Interactions } from '../schemas/interactions.js';
import type { Items, Users } from '../schemas/items.js';
import type { OnBadRow } from '../read/bad-rows.js';
import type { RawTables } from '../sources/raw-tables.js';
import { finish, selectUsers, type PreparedRows } from './assemble.js';
import { describeInteractions, type CardStep, type DatasetCard } from './card.js';
import { takeWholeUsers } from './ceiling.js';
import { kCore, largestCore, lastOfEachPair, newestOfEachUser, withItem } from './filters.js';
import { buildHistories, codeAttributes } from './histories.js';
import { firstRows, pickAttributes, pickItems, pickUsers } from './metadata.js';
import { dataOptionsSchema, type DataOptionsInput } from './options.js';
import { orderRows, selectRows, type Rows } from './rows.js';
import { sliceTrain, splitByTime, splitByUser } from './splits.js';

/** Options of {@link prepareTables}. */
export interface PrepareTablesOptions {
  /** The dataset's name, for the card. */
  readonly dataset: string;
  /** Seeds the order of users under `maxInteractions`, and of rows where the source has no time. Default 0. */
  readonly seed?: number | string;
  /** For the card: how malformed rows were treated. Default `fail`. */
  readonly onBadRow?: OnBadRow;
  /** How ratings become interactions; see {@link dataOptionsSchema} for the defaults. */
  readonly data?: DataOptionsInput;
}

/** Something that a user of the data should know. */
export interface DataWarning {
  /** A stable name, for programs. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** A dataset, ready for training. */
export interface PreparedDataset {
  /** The rows. */
  readonly interactions: Interactions;
  /** Row i is the item with code i in the interactions. */
  readonly items: Items;
  /** Row u is the user with code u in the interactions. */
  readonly users: Users;
  /** How it came about. */
  readonly card: DatasetCard;
  /** What a user of the data should know. */
  readonly warnings: readonly DataWarning[];
}

/**
 * Turns raw tables into interactions with labels, splits, slices and histories. In this order: rows whose item has no metadata
 * and repeated pairs of user and item are dropped (the last of a pair stays), k-core, `maxPerUser`, splits and slices, histories,
 * `maxInteractions`. Ties in time are broken by file order.
 * @throws DataError `DATA_EMPTY`, `DATA_EMPTY_CORE`, `DATA_ONE_CLASS` where nothing can be learned from what is left.
 */
export function prepareTables(raw: RawTables, options: PrepareTablesOptions): PreparedDataset {
  const { dataset, seed = 0, onBadRow = 'fail' } = options;
  const data = parseOptions(options.data ?? {});
  const rng = createRng(seed).fork('data');
  const itemCount = raw.ratings.itemIds.length;
  const metadata = firstRows(raw.items.itemIds, raw.ratings.itemIds);

  const steps: CardStep[] = [];
  const record = (step: string, rows: Rows, before: number): Rows => {
    steps.push({ step, rows: rows.length, ...distinct(rows, itemCount), dropped: before - rows.length });
    return rows;
  };
  const filter = (step: string, rows: Rows, keep: Uint8Array): Rows => record(step, selectRows(rows, keep), rows.length);

  let rows = orderRows(raw.ratings, rng.fork('order'));
  record('read', rows, rows.length);
  rows = filter(
    'without-item',
    rows,
    withItem(
      rows,
      Uint8Array.from(metadata.rowOf, (row) => (row < 0 ? 0 : 1)),
    ),
  );
  rows = filter('duplicates', rows, lastOfEachPair(rows, itemCount));
  requireRows(rows, `dataset '${dataset}'`);
  if (data.kCore > 0) {
    const before = rows;
    rows = filter('k-core', rows, kCore(rows, itemCount, data.kCore));
    if (rows.length === 0) failCore(before, itemCount, data.kCore);
  }
  if (data.maxPerUser !== null) rows = filter('max-per-user', rows, newestOfEachUser(rows, data.maxPerUser));

  const split = data.split === 'per-user' ? splitByUser(rows) : splitByTime(rows);
  const slice = sliceTrain(rows, split);
  const attributes =
    data.history.select === 'similar' ? codeAttributes(pickAttributes(raw.items.attributes, metadata.rowOf), itemCount) : undefined;
  let prepared: PreparedRows = { rows, split, slice, ...buildHistories(rows, split, data.history, attributes) };
  if (data.maxInteractions !== null) {
    prepared = selectUsers(prepared, takeWholeUsers(rows, data.maxInteractions, rng.fork('max-interactions')));
    record('max-interactions', prepared.rows, rows.length);
  }

  const { interactions, itemRows } = finish(prepared, raw, metadata.rowOf, data.threshold);
  const warnings: DataWarning[] = checkClasses(interactions, data.threshold);
  const notes = [...raw.notes];
  if (!rows.timed)
    notes.push(
      `The source has no times: a permutation of each user's rows, seeded with ${JSON.stringify(seed)}, stands in for time in every rule.`,
    );
  const items = pickItems(raw.items, itemRows);
  const users = pickUsers(raw.users, interactions.userIds);
  const card: DatasetCard = {
    schema: 'dataset-card/1',
    dataset,
    configuration: { seed, onBadRow, data },
    files: raw.files,
    steps,
    repeatedItemRows: metadata.repeated,
    ...describeInteractions(interactions, data.threshold),
    notes,
  };
  for (const { file, rowsBad, rowsRead } of raw.files) {
    if (rowsBad > 0)
      warnings.push({ code: 'DATA_BAD_ROWS', message: `${rowsBad} of ${rowsRead} rows of ${file} are malformed and were skipped` });
  }
  return { interactions, items, users, card, warnings };
}

function parseOptions(input: DataOptionsInput): ReturnType<typeof dataOptionsSchema.parse> {
  const result = dataOptionsSchema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new DataOptionError('DATA_OPTION', issue?.message ?? 'wrong', { where: ['data', ...(issue?.path ?? [])].map(String).join('.') });
}

function distinct(rows: Rows, itemCount: number): { users: number; items: number } {
  let users = 0;
  for (let user = 0; user + 1 < rows.userStart.length; user += 1) if (rows.userStart[user + 1]! > rows.userStart[user]!) users += 1;
  const present = new Uint8Array(itemCount);
  let items = 0;
  for (let row = 0; row < rows.length; row += 1) {
    const item = rows.item[row]!;
    if (present[item] === 0) items += 1;
    present[item] = 1;
  }
  return { users, items };
}

function requireRows(rows: Rows, where: string): void {
  if (rows.length > 0) return;
  throw new DataError('DATA_EMPTY', 'no row is left to learn from', { where, expected: 'ratings of items that have metadata' });
}

function failCore(rows: Rows, itemCount: number, k: number): never {
  const largest = largestCore(rows, itemCount);
  throw new DataError('DATA_EMPTY_CORE', `no row is left after the ${k}-core (of ${rows.length})`, {
    where: 'data.kCore',
    expected: `at most ${largest} for this data`,
    remedy: `set data.kCore to ${largest} or less, or to 0 for none`,
  });
}

/** Nothing can be learned from rows of one class, nor an AUC be taken of them: for the whole an error, for a split a warning. */
function checkClasses({ length, label, split }: Interactions, threshold: number): DataWarning[] {
  const rows = SPLITS.map(() => 0);
  const positives = SPLITS.map(() => 0);
  for (let row = 0; row < length; row += 1) {
    rows[split[row]!]! += 1;
    positives[split[row]!]! += label[row]!;
  }
  const ones = positives.reduce((sum, count) => sum + count, 0);
  if (ones === 0 || ones === length) {
    throw new DataError('DATA_ONE_CLASS', `all ${length} rows have label ${ones === 0 ? 0 : 1} at the threshold ${threshold}`, {
      where: 'data.threshold',
      expected: 'ratings below the threshold and ratings at or above it',
      remedy: 'set data.threshold to a value within the ratings, or take more rows',
    });
  }
  return SPLITS.flatMap((name, code) => {
    if (positives[code]! > 0 && positives[code]! < rows[code]!) return [];
    const message =
      rows[code] === 0 ? `there are no ${name} rows` : `all ${rows[code]} ${name} rows have label ${positives[code] === 0 ? 0 : 1}`;
    return [{ code: 'DATA_ONE_CLASS_SPLIT', message }];
  });
}
