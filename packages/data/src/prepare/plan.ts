import { createRng, type Rng } from '@expctr/core';
import type { OnBadRow } from '../read/bad-rows.js';
import type { InteractionStream } from '../schemas/interaction-table.js';
import type { Items, Users } from '../schemas/items.js';
import type { RawTables } from '../sources/raw-tables.js';
import type { DatasetCard } from './card.js';
import { takeWholeUsers } from './ceiling.js';
import { describeRows, hashInputs, type FinishedRows } from './describe.js';
import { EmptyCoreError } from './empty-core.js';
import { lastOfEachPair, newestOfEachUser, withItem, withRating } from './filters.js';
import { createHistories } from './histories.js';
import { kCore, largestCore } from './k-core.js';
import { chooseLabels, LABEL_RULES, type LabelChoice } from './labels.js';
import { keepLabelled, renumber, type LabelledRows } from './labelled-rows.js';
import { firstRows, pickItems, pickUsers } from './metadata.js';
import { addNegatives } from './negatives.js';
import { notesOf } from './notes.js';
import { nothingLeft } from './nothing-left.js';
import { parseDataOptions, type DataOptions, type DataOptionsInput } from './options.js';
import { fitNumber, tailOf, trainCounts, type TrainCounts } from './popularity.js';
import { orderRows, type Rows } from './rows.js';
import { codeAttributes } from './similar.js';
import { SPLIT_RULES, sliceTrain } from './splits.js';
import { createStepLog, type StepLog } from './steps.js';
import { badRowWarnings, checkClasses, type DataWarning } from './warnings.js';
import { chooseWords } from '../words/choose-words.js';
import { neutralWords } from '../words/domains/neutral.js';
import type { Words } from '../words/words.js';

/** Options of {@link prepareTables}. */
export interface PrepareTablesOptions {
  /** The dataset's name, for the card. */
  readonly dataset: string;
  /** Seeds whatever is drawn: orders, splits, negatives. Default 0. */
  readonly seed?: number | string;
  /** For the card: how malformed rows were treated. Default `fail`. */
  readonly onBadRow?: OnBadRow;
  /** How ratings become interactions; see {@link dataOptionsSchema} for the defaults. */
  readonly data?: DataOptionsInput;
  /** The dataset's own options, for the card. */
  readonly options?: object;
}

/** A dataset that is decided but for its histories, which are made when they are asked for. */
export interface PlannedDataset {
  readonly interactions: InteractionStream;
  /** The items that are left. */
  readonly items: Items;
  /** The users that are left. */
  readonly users: Users;
  readonly card: Omit<DatasetCard, 'history'>;
  /** What a user of the data should know. */
  readonly warnings: readonly DataWarning[];
}

/**
 * Decides which rows stay and what each is, in the order that {@link prepareTables} names. From `orderRows` on there is one set of
 * columns, narrowed in place: 20 million rows pass through in 24 bytes each.
 * @param take whether the columns of `raw.ratings` are needed by nobody else: they are then let go as they are sorted
 */
export function planDataset(raw: RawTables, options: PrepareTablesOptions, take = false): PlannedDataset {
  const { dataset, seed = 0, onBadRow = 'fail' } = options;
  const { data } = parseDataOptions(options.data ?? {});
  const rng = createRng(seed).fork('data');
  const label = chooseLabels(data, raw);
  const metadata = firstRows(raw.items.itemIds, raw.ratings.itemIds);
  const log = createStepLog(raw.ratings.itemIds.length);
  const notes = notesOf(raw, seed);
  const card = (
    rows: ReturnType<typeof describeRows>,
    counts: TrainCounts,
    numbers: DatasetCard['numbers'],
    words: Words,
  ): PlannedDataset['card'] => ({
    schema: 'dataset-card/1',
    dataset,
    configuration: { seed, onBadRow, data: { ...data, ...options.options } },
    label: { rule: label.rule, threshold: label.threshold },
    files: raw.files,
    inputsSha256: hashInputs(raw.files),
    steps: log.steps,
    repeatedItemRows: metadata.repeated,
    ...rows,
    longTail: { items: tailOf(counts.items), users: tailOf(counts.users) },
    numbers,
    words,
    notes,
  });

  const failCore = (rows: number, largest: number): never => {
    const empty = describeRows(NO_ROWS, NO_COUNTS, label);
    const failure = { code: 'DATA_EMPTY_CORE', option: 'data.kCore', largest };
    const history = { meanLength: 0, emptyRows: 0, longest: 0 };
    throw new EmptyCoreError(rows, data.kCore, largest, { ...card(empty, NO_COUNTS, {}, neutralWords), history, failure });
  };

  let labelled = labelRows(narrow(raw, metadata.rowOf, { dataset, data, label, log, rng, failCore, take }), data, label, rng);
  if (label.rule === 'implicit') {
    const { rows, counts } = addNegatives(labelled, raw.ratings.itemIds.length, raw.ratings.userIds, data.negatives, rng.fork('negatives'));
    labelled = rows;
    log.record('negatives', rows.rows, { added: counts.drawn });
    if (counts.missing > 0) notes.push(`${counts.missing} negatives could not be drawn: their users have met every item that there is.`);
  }
  if (data.maxInteractions !== null) {
    const before = labelled.rows.length;
    labelled = keepLabelled(labelled, takeWholeUsers(labelled.rows, data.maxInteractions, rng.fork('max-interactions')));
    log.record('max-interactions', labelled.rows, { dropped: before - labelled.rows.length });
  }

  const { rows, users: userCodes, items: itemCodes } = renumber(labelled.rows, metadata.rowOf);
  const { split, slice, sampled } = labelled;
  const { length, user, item, rating, timestamp } = rows;
  const columns = { length, user, item, label: labelled.label, rating, timestamp, split, slice };
  const counts = trainCounts(columns, sampled, userCodes.length, itemCodes.length);
  const items = pickItems(
    raw.items,
    itemCodes.map((code) => metadata.rowOf[code]!),
    counts.items,
  );
  const users = pickUsers(
    raw.users,
    Array.from(userCodes, (code) => raw.ratings.userIds[code]!),
    counts.users,
  );
  const described = describeRows(columns, counts, label);
  const similar = data.history.select === 'similar' ? { attributes: codeAttributes(items.attributes, items.length) } : {};
  const histories = createHistories({ rows, split, ...(sampled === undefined ? {} : { sampled }), ...similar }, data.history);
  const chosen = chooseWords(raw, data.words, { ...columns, items, histories }, rng.fork('words'));
  notes.push(...chosen.notes);
  const warnings = [...checkClasses(described, label, raw.files), ...badRowWarnings(raw.files), ...chosen.warnings];
  return {
    interactions: { ...columns, userIds: users.userIds, itemIds: items.itemIds, histories },
    items,
    users,
    card: card(described, counts, fitNumbers(items, users, counts), chosen.words),
    warnings,
  };
}

const NO_COUNTS: TrainCounts = { users: new Uint32Array(), items: new Uint32Array() };
const NO_ROWS: FinishedRows = {
  length: 0,
  user: new Int32Array(),
  item: new Int32Array(),
  label: new Uint8Array(),
  rating: new Float32Array(),
  timestamp: new Float64Array(),
  split: new Uint8Array(),
  slice: new Uint8Array(),
};

interface Narrowing {
  readonly dataset: string;
  readonly data: DataOptions;
  readonly label: LabelChoice;
  readonly log: StepLog;
  readonly rng: Rng;
  readonly failCore: (rows: number, largest: number) => never;
  readonly take: boolean;
}

/** Orders rows and drops those that a rule names. */
function narrow(raw: RawTables, metadataRow: Int32Array, { dataset, data, label, log, rng, failCore, take }: Narrowing): Rows {
  const itemCount = metadataRow.length;
  let rows = log.record('read', orderRows(raw.ratings, rng.fork('order'), take));
  rows = log.filter('without-item', rows, withItem(rows, metadataRow));
  if (label.dropZeros) rows = log.filter('implicit-zeros', rows, withRating(rows));
  if (label.rule === 'implicit' && label.threshold !== null) rows = log.filter('below-threshold', rows, LABEL_RULES.threshold(rows, label));
  rows = log.filter('duplicates', rows, lastOfEachPair(rows, itemCount));
  if (rows.length === 0) {
    throw nothingLeft(dataset, raw.files, log.steps);
  }
  if (data.kCore > 0) {
    const before = rows.length;
    const keep = kCore(rows, itemCount, data.kCore);
    const largest = keep.includes(1) ? undefined : largestCore(rows, itemCount);
    rows = log.filter('k-core', rows, keep);
    if (largest !== undefined) failCore(before, largest);
  }
  if (data.maxPerUser !== null) rows = log.filter('max-per-user', rows, newestOfEachUser(rows, data.maxPerUser));
  return rows;
}

function labelRows(rows: Rows, data: DataOptions, label: LabelChoice, rng: Rng): LabelledRows {
  const split = SPLIT_RULES[data.split](rows, data, rng.fork('split'));
  return { rows, split, slice: sliceTrain(rows, split), label: LABEL_RULES[label.rule](rows, label, split) };
}

function fitNumbers(items: Items, users: Users, counts: TrainCounts): DatasetCard['numbers'] {
  const columns = [
    ['item.year', items.year, counts.items] as const,
    ...Object.entries(items.numbers ?? {}).map(([name, values]) => [`item.${name}`, values, counts.items] as const),
    ...Object.entries(users.numbers ?? {}).map(([name, values]) => [`user.${name}`, values, counts.users] as const),
  ];
  return Object.fromEntries(
    columns.flatMap(([name, values, weights]) => {
      const fitted = fitNumber(values, weights);
      return fitted === undefined ? [] : [[name, fitted] as const];
    }),
  );
}
