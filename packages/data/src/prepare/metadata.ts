import type { Items, Users } from '../schemas/items.js';
import type { RawItems, RawNumbers, RawUsers } from '../sources/raw-tables.js';

/** The first metadata row of each id. */
export interface FirstRows {
  /** For each rated id (by its code) the metadata row, or -1. */
  readonly rowOf: Int32Array;
  /** Metadata rows that repeat an id. */
  readonly repeated: number;
}

/** Joins rated ids with metadata rows; of several rows with one id the first counts. */
export function firstRows(metadataIds: readonly string[], ratedIds: readonly string[]): FirstRows {
  const codeOf = new Map(ratedIds.map((id, code) => [id, code]));
  const seen = new Set<string>();
  const rowOf = new Int32Array(ratedIds.length).fill(-1);
  let repeated = 0;
  metadataIds.forEach((id, row) => {
    if (seen.has(id)) {
      repeated += 1;
      return;
    }
    seen.add(id);
    const code = codeOf.get(id);
    if (code !== undefined) rowOf[code] = row;
  });
  return { rowOf, repeated };
}

/** The metadata rows `rows`, in that order, with how many train rows each has. */
export function pickItems(raw: RawItems, rows: Int32Array, trainCount: Uint32Array): Items {
  return {
    length: rows.length,
    itemIds: Array.from(rows, (row) => raw.itemIds[row]!),
    title: Array.from(rows, (row) => raw.title[row]!),
    attributes: pickAttributes(raw.attributes, rows),
    year: Float32Array.from(rows, (row) => raw.year[row]!),
    ...pickNumbers(raw.numbers, rows),
    trainCount,
  };
}

/** Users by their ids, with their metadata where there is any, and with how many train rows each has. */
export function pickUsers(raw: RawUsers | undefined, userIds: readonly string[], trainCount: Uint32Array): Users {
  const rows = raw === undefined ? new Int32Array() : firstRows(raw.userIds, userIds).rowOf;
  const attributes = pickAttributes(raw?.attributes ?? {}, rows);
  return { length: userIds.length, userIds, attributes, ...pickNumbers(raw?.numbers, rows), trainCount };
}

/** The attribute lists of the metadata rows `rows`, in that order; -1 has empty lists. */
function pickAttributes(
  attributes: Readonly<Record<string, readonly (readonly string[])[]>>,
  rows: Int32Array,
): Record<string, (readonly string[])[]> {
  return Object.fromEntries(Object.entries(attributes).map(([name, lists]) => [name, Array.from(rows, (row) => lists[row] ?? [])]));
}

function pickNumbers(numbers: RawNumbers | undefined, rows: Int32Array): { numbers?: Record<string, Float32Array> } {
  if (numbers === undefined) return {};
  const picked = Object.entries(numbers).map(([name, values]) => [name, Float32Array.from(rows, (row) => values[row] ?? NaN)] as const);
  return { numbers: Object.fromEntries(picked) };
}
