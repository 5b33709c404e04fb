import type { EmbeddingTable } from './embedding-table.js';
import type { FieldBuffers } from './gather.js';
import type { FieldLookup } from './lookup.js';
import type { RowOptimizer } from './row-optimizer.js';

/** Sums the gradients of a table's rows over a batch, and updates the rows that occurred. */
export interface RowGradients {
  /** Adds the gradient of field `field` of the rows `rows[start .. start + count)` to the table rows that it was gathered from. */
  scatter(
    gradients: FieldBuffers,
    lookup: FieldLookup,
    at: { field: number; fields: number; rows: Int32Array; start: number; count: number },
  ): void;
  /** Updates the rows scattered to since the last call, each once, with `l2` times the row added to its gradient. */
  apply(optimizer: RowOptimizer, l2: number): void;
  /** The gradient rows scattered to since the last `apply`, by id: for tests. */
  pending(): Map<number, Float32Array>;
}

/** Row gradients and optimizer state for one table. */
export function createRowGradients(table: EmbeddingTable, stateArrays: number): RowGradients {
  const { rows, width, dimension, values } = table;
  const state = Array.from({ length: stateArrays }, () => new Float32Array(values.length));
  const slotOf = new Int32Array(rows).fill(-1); // place of an id's gradient in `sums`
  let touched = new Int32Array(1024);
  let sums = new Float32Array(1024 * width);
  let count = 0;

  function slot(id: number): number {
    const known = slotOf[id]!;
    if (known >= 0) return known;
    if (count === touched.length) {
      const wider = new Int32Array(2 * count);
      wider.set(touched);
      touched = wider;
      const longer = new Float32Array(2 * count * width);
      longer.set(sums);
      sums = longer;
    }
    touched[count] = id;
    slotOf[id] = count;
    return count++;
  }

  return {
    scatter({ embeddings, firstOrder }, lookup, { field, fields, rows: batch, start, count: size }) {
      const { ids, offsets, index, use, mean, maxLength, newest } = lookup;
      for (let b = 0; b < size; b += 1) {
        const row = batch[start + b]!;
        const position = index === undefined ? row : index[row]!;
        const out = b * fields + field;
        if (offsets === undefined) {
          const to = slot(position < 0 ? 0 : ids[position]!) * width;
          for (let k = to, end = to + dimension, from = out * dimension; k < end; k += 1, from += 1) sums[k] = sums[k]! + embeddings[from]!;
          sums[to + dimension + use]! += firstOrder[out]!;
          continue;
        }
        if (position < 0) continue;
        let first = offsets[position]!;
        let last = offsets[position + 1]!;
        if (last - first > maxLength) {
          if (newest) first = last - maxLength;
          else last = first + maxLength;
        }
        const share = mean ? 1 / (last - first) : 1;
        for (let k = first; k < last; k += 1) {
          const to = slot(ids[k]!) * width;
          for (let d = 0, from = out * dimension; d < dimension; d += 1, from += 1)
            sums[to + d] = sums[to + d]! + share * embeddings[from]!;
          sums[to + dimension + use]! += share * firstOrder[out]!;
        }
      }
    },
    apply(optimizer, l2) {
      for (let s = 0; s < count; s += 1) {
        const id = touched[s]!;
        const from = s * width;
        const at = id * width;
        if (l2 > 0) for (let k = 0; k < width; k += 1) sums[from + k] = sums[from + k]! + l2 * values[at + k]!;
        optimizer.update(values, state, at, sums, from, width);
        slotOf[id] = -1;
      }
      sums.fill(0, 0, count * width);
      count = 0;
    },
    pending: () => new Map(Array.from({ length: count }, (_, s) => [touched[s]!, sums.slice(s * width, (s + 1) * width)])),
  };
}
