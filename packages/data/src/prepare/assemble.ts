import type { Interactions } from '../schemas/interactions.js';
import type { RawTables } from '../sources/raw-tables.js';
import { compact, selectRows, type Rows } from './rows.js';

/** Rows with all that was computed for them. */
export interface PreparedRows {
  readonly rows: Rows;
  readonly split: Uint8Array;
  readonly slice: Uint8Array;
  readonly offsets: Uint32Array;
  readonly values: Uint32Array;
}

/** Keeps whole users; histories stay within a user, so each of their rows is kept with them. */
export function selectUsers({ rows, split, slice, offsets, values }: PreparedRows, keep: Uint8Array): PreparedRows {
  const kept = selectRows(rows, keep);
  const newRow = new Uint32Array(rows.length);
  const newOffsets = new Uint32Array(kept.length + 1);
  for (let row = 0, at = 0; row < rows.length; row += 1) {
    if (keep[row] === 0) continue;
    newRow[row] = at;
    newOffsets[at + 1] = newOffsets[at]! + offsets[row + 1]! - offsets[row]!;
    at += 1;
  }
  const newValues = new Uint32Array(newOffsets[kept.length]!);
  for (let row = 0, at = 0; row < rows.length; row += 1) {
    if (keep[row] === 1) for (let k = offsets[row]!; k < offsets[row + 1]!; k += 1) newValues[at++] = newRow[values[k]!]!;
  }
  return {
    rows: kept,
    split: compact(split, keep, new Uint8Array(kept.length)),
    slice: compact(slice, keep, new Uint8Array(kept.length)),
    offsets: newOffsets,
    values: newValues,
  };
}

/** Renumbers users (by first appearance in the file) and items (in the order of the metadata) so that only those with rows are left. */
export function finish(
  columns: PreparedRows,
  raw: RawTables,
  metadataRow: Int32Array,
  threshold: number,
): { interactions: Interactions; itemRows: Int32Array } {
  const { rows, split, slice, offsets, values } = columns;
  const present = new Uint8Array(metadataRow.length);
  for (let row = 0; row < rows.length; row += 1) present[rows.item[row]!] = 1;
  const itemCodes = Int32Array.from(present.keys())
    .filter((code) => present[code] === 1)
    .sort((a, b) => metadataRow[a]! - metadataRow[b]!);
  const newItem = new Int32Array(metadataRow.length);
  itemCodes.forEach((code, index) => (newItem[code] = index));
  const userIds: string[] = [];
  const user = new Int32Array(rows.length);
  for (let code = 0; code + 1 < rows.userStart.length; code += 1) {
    const [start, end] = [rows.userStart[code]!, rows.userStart[code + 1]!];
    if (end > start) user.fill(userIds.push(raw.ratings.userIds[code]!) - 1, start, end);
  }
  // Loops, not from() and map(): those cost several times as much, and every row passes here.
  const interactionId = new Uint32Array(rows.length);
  const item = new Int32Array(rows.length);
  const label = new Uint8Array(rows.length);
  for (let row = 0; row < rows.length; row += 1) {
    interactionId[row] = row;
    item[row] = newItem[rows.item[row]!]!;
    label[row] = rows.rating[row]! >= threshold ? 1 : 0;
  }
  const interactions: Interactions = {
    length: rows.length,
    interactionId,
    user,
    item,
    userIds,
    itemIds: Array.from(itemCodes, (code) => raw.ratings.itemIds[code]!),
    label,
    rating: rows.rating,
    timestamp: rows.timestamp,
    split,
    slice,
    historyOffsets: offsets,
    history: values,
  };
  return { interactions, itemRows: itemCodes.map((code) => metadataRow[code]!) };
}
