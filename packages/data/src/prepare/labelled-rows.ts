import { compact, keepRows, type Rows } from './rows.js';

/** Rows with what was decided for each. */
export interface LabelledRows {
  readonly rows: Rows;
  /** Codes into `SPLITS`. */
  readonly split: Uint8Array;
  /** Codes into `SLICES`. */
  readonly slice: Uint8Array;
  readonly label: Uint8Array;
  /** 1 for sampled negatives; absent where there are none. */
  readonly sampled?: Uint8Array;
}

/** The rows where `keep` is 1. They take the place of the given ones in memory. */
export function keepLabelled({ rows, split, slice, label, sampled }: LabelledRows, keep: Uint8Array): LabelledRows {
  const { length } = rows;
  return {
    rows: keepRows(rows, keep),
    split: compact(split, keep, length),
    slice: compact(slice, keep, length),
    label: compact(label, keep, length),
    ...(sampled === undefined ? {} : { sampled: compact(sampled, keep, length) }),
  };
}

/**
 * Numbers users (in the order of the source) and items (in the order of the metadata) anew, in place, so that only those with rows are left.
 * @returns the source's codes of the users and items that are left, in their new order
 */
export function renumber(rows: Rows, metadataRow: Int32Array): { rows: Rows; users: Int32Array; items: Int32Array } {
  const present = new Uint8Array(metadataRow.length);
  for (let row = 0; row < rows.length; row += 1) present[rows.item[row]!] = 1;
  const items = Int32Array.from(present.keys())
    .filter((code) => present[code] === 1)
    .sort((a, b) => metadataRow[a]! - metadataRow[b]!);
  const newItem = new Int32Array(metadataRow.length);
  items.forEach((code, index) => (newItem[code] = index));
  for (let row = 0; row < rows.length; row += 1) rows.item[row] = newItem[rows.item[row]!]!;

  const users = Int32Array.from({ length: rows.userStart.length - 1 }, (_, code) => code).filter(
    (code) => rows.userStart[code + 1]! > rows.userStart[code]!,
  );
  const userStart = new Uint32Array(users.length + 1);
  users.forEach((code, index) => {
    rows.user.fill(index, rows.userStart[code], rows.userStart[code + 1]);
    userStart[index + 1] = rows.userStart[code + 1]!;
  });
  return { rows: { ...rows, userStart }, users, items };
}
