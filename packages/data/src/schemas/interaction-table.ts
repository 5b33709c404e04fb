import type { RecordBatch, Schema, Table, Utf8, Vector } from 'apache-arrow';
import {
  buildBatch,
  buildTable,
  dictionaryColumn,
  dictionaryOf,
  float32Column,
  ROWS_PER_BATCH,
  schemaOf,
  timestampColumn,
  uint32Column,
  uint32ListColumn,
  uint8Column,
  type Column,
} from './arrow-build.js';
import { columnOf, readCodes, readNumbers, readUint32Lists } from './arrow-read.js';
import { SLICES, SPLITS, type Interactions, type Slice, type Split } from './interactions.js';
import { validateTable } from './validate.js';

/** Interactions whose histories are made as they are asked for: 20 million rows of 20 are 1.6 GB, and never in memory together. */
export interface InteractionStream extends Omit<Interactions, 'interactionId' | 'historyOffsets' | 'history'> {
  /**
   * The histories of the rows `start .. end` as lists: row start + i holds `values[offsets[i] .. offsets[i + 1])`. Both arrays may be
   * used again two calls later.
   */
  readonly histories: (start: number, end: number) => { readonly offsets: Uint32Array; readonly values: Uint32Array };
}

interface Dictionaries {
  readonly user: Vector<Utf8>;
  readonly item: Vector<Utf8>;
  readonly split: Vector<Utf8>;
  readonly slice: Vector<Utf8>;
}

const NO_SLICE = SLICES.indexOf(null);

/** The dictionaries of the table, complete. */
function dictionariesOf({ userIds, itemIds }: Pick<Interactions, 'userIds' | 'itemIds'>): Dictionaries {
  const slices = SLICES.filter((name) => name !== null);
  return { user: dictionaryOf(userIds), item: dictionaryOf(itemIds), split: dictionaryOf(SPLITS), slice: dictionaryOf(slices) };
}

/** The columns of interactions/1, of all rows or of some. */
function interactionColumns(rows: Omit<Interactions, 'userIds' | 'itemIds'>, dictionaries: Dictionaries): Column[] {
  return [
    uint32Column('interaction_id', rows.interactionId),
    dictionaryColumn('user_id', 0, rows.user, dictionaries.user),
    dictionaryColumn('item_id', 1, rows.item, dictionaries.item),
    uint8Column('label', rows.label),
    float32Column('rating', rows.rating, true),
    timestampColumn('timestamp', rows.timestamp),
    dictionaryColumn('split', 2, new Int32Array(rows.split), dictionaries.split),
    dictionaryColumn('slice', 3, sliceCodes(rows.slice), dictionaries.slice, true),
    uint32ListColumn('history', rows.historyOffsets, rows.history),
  ];
}

/** Histories that are in memory, as a stream gives them. */
export function streamOf({ interactionId: _, historyOffsets, history, ...columns }: Interactions): InteractionStream {
  return {
    ...columns,
    histories(start, end) {
      const from = historyOffsets[start]!;
      const offsets = new Uint32Array(end - start + 1);
      for (let i = 0; i < offsets.length; i += 1) offsets[i] = historyOffsets[start + i]! - from;
      return { offsets, values: history.subarray(from, historyOffsets[end]) };
    },
  };
}

/** The record batches of interactions/1, one at a time: the same bytes as those of the whole table. */
export function interactionBatches(source: InteractionStream): { schema: Schema; batches: Iterable<RecordBatch> } {
  const dictionaries = dictionariesOf(source);
  const batchOf = (start: number): { length: number; columns: Column[] } => {
    const end = Math.min(source.length, start + ROWS_PER_BATCH);
    const { offsets, values } = source.histories(start, end);
    const interactionId = new Uint32Array(end - start);
    for (let i = 0; i < interactionId.length; i += 1) interactionId[i] = start + i;
    const rows = {
      length: end - start,
      interactionId,
      user: source.user.subarray(start, end),
      item: source.item.subarray(start, end),
      label: source.label.subarray(start, end),
      rating: source.rating.subarray(start, end),
      timestamp: source.timestamp.subarray(start, end),
      split: source.split.subarray(start, end),
      slice: source.slice.subarray(start, end),
      historyOffsets: offsets,
      history: values,
    };
    return { length: rows.length, columns: interactionColumns(rows, dictionaries) };
  };
  const first = batchOf(0);
  const schema = schemaOf('interactions/1', first.columns);
  function* batches(): Generator<RecordBatch> {
    yield buildBatch(schema, first.length, first.columns);
    for (let start = ROWS_PER_BATCH; start < source.length; start += ROWS_PER_BATCH) {
      const { length, columns } = batchOf(start);
      yield buildBatch(schema, length, columns);
    }
  }
  return { schema, batches: batches() };
}

function sliceCodes(slice: Uint8Array): Int32Array {
  const codes = new Int32Array(slice.length);
  for (let row = 0; row < slice.length; row += 1) codes[row] = slice[row] === NO_SLICE ? -1 : slice[row]!;
  return codes;
}

/** As an Arrow table with schema interactions/1; `extra` columns are appended as they are. */
export function interactionsToTable(interactions: Interactions, extra: readonly Column[] = []): Table {
  return buildTable('interactions/1', interactions.length, [...interactionColumns(interactions, dictionariesOf(interactions)), ...extra]);
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
