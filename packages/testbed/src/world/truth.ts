import {
  buildTable,
  columnOf,
  DataError,
  float32Column,
  float32ListColumn,
  readNumbers,
  readStringLists,
  readTable,
  uint32Column,
  utf8ListColumn,
  writeBatches,
  type Interactions,
} from '@expctr/data';
import type { WorldRow } from './user.js';
import { valueNames } from './vocabulary.js';
import type { World } from './world.js';

/** What the world knows of an interaction: its best prediction and its true reasons. */
export interface TruthRow {
  /** Row number in interactions/1. */
  readonly interactionId: number;
  /** Bayes-optimal P(label = 1). */
  readonly bayesProbability: number;
  /** Every attribute of the item with a share in the logit that is not 0, in the order of the fields. */
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
export const TRUTH_SCHEMA = 'truth/1';

/** Rows of a table of type `Table`: truth/1. */
type ArrowTable = ReturnType<typeof buildTable>;

/**
 * As an Arrow table with schema truth/1: interaction_id uint32; bayes_probability float32; reason_field and reason_value
 * list<utf8>, reason_contribution list<float32>, in step with one another.
 */
export function truthToTable(rows: readonly TruthRow[]): ArrowTable {
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
export function truthFromTable(table: ArrowTable): TruthRow[] {
  const found = table.schema.metadata.get('expctr.schema');
  if (found !== TRUTH_SCHEMA) {
    throw new DataError('DATA_SCHEMA_NAME', `the table's schema is ${found ?? 'not named'}`, { expected: TRUTH_SCHEMA });
  }
  const ids = readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(table.numRows));
  const probabilities = readNumbers(columnOf(table, 'bayes_probability'), new Float32Array(table.numRows));
  const fields = readStringLists(columnOf(table, 'reason_field'));
  const values = readStringLists(columnOf(table, 'reason_value'));
  const contributions = columnOf(table, 'reason_contribution');
  return Array.from(ids, (interactionId, row) => {
    const shares = [...((contributions.get(row) ?? []) as Iterable<number>)];
    if (fields[row]!.length !== shares.length || values[row]!.length !== shares.length) {
      throw new DataError('DATA_VALUE', 'lists of reasons that differ in length', {
        where: `row ${row}`,
        expected: 'as many fields and values as contributions',
      });
    }
    const reasons = shares.map((contribution, at) => ({ field: fields[row]![at]!, value: values[row]![at]!, contribution }));
    return { interactionId, bayesProbability: probabilities[row]!, reasons };
  });
}

/** Reads truth/1 from an Arrow file. @throws DataError */
export async function readTruth(path: string): Promise<TruthRow[]> {
  return truthFromTable(await readTable(path));
}

/** Rows of truth in memory at a time, where it is written. */
const ROWS_AT_A_TIME = 65_536;

/** Writes truth/1 to an Arrow file, some rows at a time: all of them, or no file. */
export async function writeTruth(path: string, rows: Iterable<TruthRow>): Promise<void> {
  const tables = tablesOf(rows);
  const first = tables.next().value ?? truthToTable([]);
  await writeBatches(path, first.schema, batchesOf(first, tables));
}

function* tablesOf(rows: Iterable<TruthRow>): Generator<ArrowTable, undefined> {
  let held: TruthRow[] = [];
  for (const row of rows) {
    if (held.push(row) < ROWS_AT_A_TIME) continue;
    yield truthToTable(held);
    held = [];
  }
  if (held.length > 0) yield truthToTable(held);
}

function* batchesOf(first: ArrowTable, rest: Iterable<ArrowTable>): Generator<ArrowTable['batches'][number]> {
  yield* first.batches;
  for (const { batches } of rest) yield* batches;
}

/** What is needed of interactions to know which they are. */
export type InteractionKeys = Pick<Interactions, 'length' | 'user' | 'item' | 'userIds' | 'itemIds'>;

/** What the world knows of each of these interactions, which were prepared from its tables, in their order. @throws RangeError for one that it does not know */
export function* truthOf(world: World, interactions: InteractionKeys): Generator<TruthRow, undefined> {
  const names = valueNames(world.domain);
  const itemAt = new Map(world.items.map(({ itemId }, at) => [itemId, at]));
  const codes = interactions.itemIds.map((id) => itemAt.get(id));
  let known: { readonly user: number; readonly rows: ReadonlyMap<number, WorldRow> } | undefined;
  for (let row = 0; row < interactions.length; row += 1) {
    const user = Number(/^u(\d+)$/u.exec(interactions.userIds[interactions.user[row]!]!)?.[1]) - 1;
    if (known?.user !== user) known = { user, rows: new Map(world.user(user).rows.map((one) => [one.item, one])) };
    const own = known.rows.get(codes[interactions.item[row]!] ?? -1);
    if (own === undefined) throw new RangeError(`interaction ${row} is none of this world`);
    const { values } = world.items[own.item]!;
    const reasons = own.contributions.flatMap((contribution, field) =>
      contribution === 0 ? [] : [{ field: world.domain.fields[field]!.name, value: names[values[field]!]!, contribution }],
    );
    yield { interactionId: row, bayesProbability: own.bayesProbability, reasons };
  }
}
