import type { RecordBatch, Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { buildTable, float32Column, float32ListColumn, uint32Column, utf8ListColumn } from './arrow-build.js';
import { columnOf, readNumbers, readStringLists } from './arrow-read.js';
import { readTable, writeBatches } from './table-file.js';
import { validateTable, type SchemaName } from './validate.js';

/** What is known of an interaction in a world whose workings are known: its best prediction and its true reasons. */
export interface TruthRow {
  /** Row number in interactions/1. */
  readonly interactionId: number;
  /** Bayes-optimal P(label = 1). */
  readonly bayesProbability: number;
  /** Every attribute of the item with a share in the logit that is not 0. */
  readonly reasons: readonly Reason[];
}

/** One attribute and what it does to the logit. */
export interface Reason {
  /** The field, such as `genre`. */
  readonly field: string;
  /** The value in it. */
  readonly value: string;
  /** Signed share of the logit. */
  readonly contribution: number;
}

/** The schema's name in the metadata `expctr.schema`. */
export const TRUTH_SCHEMA = 'truth/1' satisfies SchemaName;

/**
 * As an Arrow table with schema truth/1: interaction_id uint32; bayes_probability float32; reason_field and reason_value
 * list<utf8>, reason_contribution list<float32>, in step with one another.
 */
export function truthToTable(rows: readonly TruthRow[]): Table {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ reasons }, row) => (offsets[row + 1] = offsets[row]! + reasons.length));
  const contributions = Float32Array.from(rows.flatMap(({ reasons }) => reasons.map(({ contribution }) => contribution)));
  return buildTable(TRUTH_SCHEMA, rows.length, [
    uint32Column(
      'interaction_id',
      Uint32Array.from(rows, (row) => row.interactionId),
    ),
    float32Column(
      'bayes_probability',
      Float32Array.from(rows, (row) => row.bayesProbability),
    ),
    utf8ListColumn(
      'reason_field',
      rows.map(({ reasons }) => reasons.map(({ field }) => field)),
    ),
    utf8ListColumn(
      'reason_value',
      rows.map(({ reasons }) => reasons.map(({ value }) => value)),
    ),
    float32ListColumn('reason_contribution', offsets, contributions),
  ]);
}

/** From an Arrow table. @throws DataError where it is not truth/1: another name, a missing column, lists out of step. */
export function truthFromTable(table: Table): TruthRow[] {
  validateTable(table, TRUTH_SCHEMA);
  const ids = readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(table.numRows));
  const probabilities = readNumbers(columnOf(table, 'bayes_probability'), new Float32Array(table.numRows));
  const fields = readStringLists(columnOf(table, 'reason_field'));
  const values = readStringLists(columnOf(table, 'reason_value'));
  const contributions = columnOf(table, 'reason_contribution');
  return Array.from(ids, (interactionId, row) => {
    const shares = Array.from(contributions.get(row) as Iterable<number>);
    const reasons = shares.map((contribution, at) => ({ field: fields[row]![at]!, value: values[row]![at]!, contribution }));
    return { interactionId, bayesProbability: probabilities[row]!, reasons };
  });
}

/**
 * Reads truth/1 from an Arrow file.
 * @param rows number of interactions that the truth has to be of: one row for each, in their order
 * @throws DataError, `DATA_TRUTH_ROWS` where it is of other rows
 */
export async function readTruth(path: string, rows?: number): Promise<TruthRow[]> {
  const truth = truthFromTable(await readTable(path));
  if (rows === undefined || (truth.length === rows && truth.every(({ interactionId }, row) => interactionId === row))) return truth;
  const what = truth.length === rows ? 'the truth is not in the order of the interactions' : `the truth has ${truth.length} rows`;
  throw new DataError('DATA_TRUTH_ROWS', what, {
    where: path,
    expected: `one row for each of the ${rows} interactions, in their order`,
    remedy: 'take both files from the same preparation',
  });
}

/** Rows of truth in memory at a time, where it is written. */
const ROWS_AT_A_TIME = 65_536;

/** Writes truth/1 to an Arrow file, some rows at a time: all of them, or no file. */
export async function writeTruth(path: string, rows: Iterable<TruthRow>): Promise<void> {
  const tables = tablesOf(rows);
  const first = tables.next().value ?? truthToTable([]);
  await writeBatches(path, first.schema, batchesOf(first, tables));
}

function* tablesOf(rows: Iterable<TruthRow>): Generator<Table, undefined> {
  let held: TruthRow[] = [];
  for (const row of rows) {
    if (held.push(row) < ROWS_AT_A_TIME) continue;
    yield truthToTable(held);
    held = [];
  }
  if (held.length > 0) yield truthToTable(held);
}

function* batchesOf(first: Table, rest: Iterable<Table>): Generator<RecordBatch> {
  yield* first.batches;
  for (const { batches } of rest) yield* batches;
}
