import { openTable } from '@expctr/data';
import type { Table } from './kind.js';

/** Some rows of a table that lies in parts. */
export interface PartRows<T> {
  /** Number of rows. */
  readonly length: number;
  /** The parts in which rows [from, to) lie, each decoded, with the rows' places in it. */
  read(from: number, to: number): Promise<readonly { readonly part: T; readonly from: number; readonly to: number }[]>;
  close(): Promise<void>;
}

/**
 * An Arrow file of which any rows can be had without the others in memory: the parts are gone through once to count their rows, and
 * the one that was asked for last is kept, for chunks come in order.
 */
export async function openPartRows<T>(path: string, decode: (part: Table) => T): Promise<PartRows<T>> {
  const table = await openTable(path);
  const begins: number[] = [];
  let length = 0;
  for await (const part of table.batches()) {
    begins.push(length);
    length += part.numRows;
  }
  let kept: { readonly at: number; readonly part: T } | null = null;
  const partAt = async (at: number): Promise<T> => {
    if (kept?.at !== at) kept = { at, part: decode(await table.batch(at)) };
    return kept.part;
  };
  return {
    length,
    async read(from, to) {
      const pieces: { part: T; from: number; to: number }[] = [];
      for (const [at, begin] of begins.entries()) {
        const end = begins[at + 1] ?? length;
        if (end <= from || begin >= to) continue;
        pieces.push({ part: await partAt(at), from: Math.max(0, from - begin), to: Math.min(end, to) - begin });
      }
      return pieces;
    },
    close: () => table.close(),
  };
}

/** Number of rows of an Arrow file. */
export async function countRows(path: string): Promise<number> {
  const table = await openTable(path);
  try {
    let rows = 0;
    for await (const part of table.batches()) rows += part.numRows;
    return rows;
  } finally {
    await table.close();
  }
}
