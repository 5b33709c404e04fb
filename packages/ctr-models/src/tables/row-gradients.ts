import type { EmbeddingTable } from './embedding-table.js';
import type { FieldBuffers } from './gather.js';
import type { FieldLookup } from './lookup.js';
import type { RowOptimizer } from './row-optimizer.js';
import { createSlots } from './slots.js';

/** Sums the gradients of a table's rows over a batch, and updates the rows that occurred. */
export interface RowGradients {
  /** Adds the gradient of field `field` of the rows `rows[start .. start + count)` to the table rows that it was gathered from. */
  scatter(
    gradients: FieldBuffers,
    lookup: FieldLookup,
    at: { field: number; fields: number; rows: Int32Array; start: number; count: number },
  ): void;
  /** Adds gradients [rows, components] of the fields of the rows `ids`, as many as there are ids. */
  add(ids: Int32Array, gradients: Float32Array, components: number): void;
  /** Updates the rows scattered to since the last call, each once, with `l2` times the row added to its gradient. */
  apply(l2: number): void;
  /** The optimizer's state, [rows, numbers of state for a row]. */
  readonly state: Float32Array;
  /** The gradient rows scattered to since the last `apply`, by id: for tests. */
  pending(): Map<number, Float32Array>;
}

/** Rows that are read ahead of their update. */
const AHEAD = 32;

/** Row gradients and optimizer state for one table. */
export function createRowGradients(table: EmbeddingTable, optimizer: RowOptimizer): RowGradients {
  const { rows, width, dimension, values } = table;
  const parts = [...(dimension > 0 ? [dimension] : []), ...table.features.map(() => 1)];
  const stateWidth = optimizer.stateSize(parts);
  const state = new Float32Array(rows * stateWidth);
  const slots = createSlots(rows); // places of the ids' gradients in `sums`
  let sums = new Float32Array(1024 * width);
  const ahead = new Float64Array(1); // what was read has to go somewhere

  function slot(id: number): number {
    const at = slots.of(id);
    if ((at + 1) * width > sums.length) {
      const longer = new Float32Array(2 * sums.length);
      longer.set(sums);
      sums = longer;
    }
    return at;
  }

  /**
   * Reads both ends of rows and of their state. Rows of a large table are far apart, and each would wait for memory by itself in the midst
   * of its arithmetic; read one after the other, the processor waits for many at once.
   */
  function readAhead(ids: Int32Array, first: number, last: number): number {
    let sum = 0;
    for (let s = first; s < last; s += 1) {
      const at = ids[s]! * width;
      const stateAt = ids[s]! * stateWidth;
      sum += values[at]! + values[at + width - 1]!;
      if (stateWidth > 0) sum += state[stateAt]! + state[stateAt + (stateWidth >> 1)]! + state[stateAt + stateWidth - 1]!;
    }
    return sum;
  }

  return {
    state,
    scatter({ embeddings, firstOrder }, lookup, { field, fields, rows: batch, start, count: size }) {
      const { ids, offsets, index, use, mean, maxLength, newest } = lookup;
      const components = embeddings.length / firstOrder.length;
      for (let b = 0; b < size; b += 1) {
        const row = batch[start + b]!;
        const position = index === undefined ? row : index[row]!;
        const out = b * fields + field;
        if (offsets === undefined) {
          const to = slot(position < 0 ? 0 : ids[position]!) * width;
          for (let k = to, end = to + dimension, from = out * components; k < end; k += 1, from += 1)
            sums[k] = sums[k]! + embeddings[from]!;
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
          for (let d = 0, from = out * components; d < dimension; d += 1, from += 1)
            sums[to + d] = sums[to + d]! + share * embeddings[from]!;
          sums[to + dimension + use]! += share * firstOrder[out]!;
        }
      }
    },
    add(ids, gradients, components) {
      for (let r = 0; r < ids.length; r += 1) {
        const to = slot(ids[r]!) * width;
        for (let k = to, end = to + dimension, from = r * components; k < end; k += 1, from += 1) sums[k] = sums[k]! + gradients[from]!;
      }
    },
    apply(l2) {
      const { ids, count } = slots;
      for (let first = 0; first < count; first += AHEAD) {
        const last = Math.min(count, first + AHEAD);
        ahead[0] = readAhead(ids, first, last);
        for (let s = first; s < last; s += 1) {
          const from = s * width;
          const at = ids[s]! * width;
          if (l2 > 0) for (let k = 0; k < width; k += 1) sums[from + k] = sums[from + k]! + l2 * values[at + k]!;
          optimizer.update(values, at, sums, from, parts, state, ids[s]! * stateWidth);
        }
      }
      sums.fill(0, 0, count * width);
      slots.clear();
    },
    pending: () => new Map(Array.from({ length: slots.count }, (_, s) => [slots.ids[s]!, sums.slice(s * width, (s + 1) * width)])),
  };
}
