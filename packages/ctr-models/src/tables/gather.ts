import type { EmbeddingTable } from './embedding-table.js';
import type { FieldLookup } from './lookup.js';

/** Where gathered rows go. */
export interface FieldBuffers {
  /** [batch, fields, dimension] */
  readonly embeddings: Float32Array;
  /** [batch, fields] */
  readonly firstOrder: Float32Array;
}

/** Writes field `field` of the rows `rows[start .. start + count)` into the buffers, pooling lists as the feature says. */
export function gatherField(
  { embeddings, firstOrder }: FieldBuffers,
  lookup: FieldLookup,
  { values, width, dimension }: EmbeddingTable,
  { field, fields, rows, start, count }: { field: number; fields: number; rows: Int32Array; start: number; count: number },
): void {
  const { ids, offsets, index, use, mean, maxLength, newest } = lookup;
  const components = embeddings.length / firstOrder.length; // those behind the table's own are zero, and stay so
  for (let b = 0; b < count; b += 1) {
    const row = rows[start + b]!;
    const position = index === undefined ? row : index[row]!;
    const out = b * fields + field;
    let at = out * components;
    if (offsets === undefined) {
      const from = (position < 0 ? 0 : ids[position]!) * width;
      for (let k = from, end = from + dimension; k < end; k += 1, at += 1) embeddings[at] = values[k]!;
      firstOrder[out] = values[from + dimension + use]!;
      continue;
    }
    embeddings.fill(0, at, at + dimension);
    let first = position < 0 ? 0 : offsets[position]!;
    let last = position < 0 ? 0 : offsets[position + 1]!;
    if (last - first > maxLength) {
      if (newest) first = last - maxLength;
      else last = first + maxLength;
    }
    let weight = 0;
    for (let k = first; k < last; k += 1) {
      const from = ids[k]! * width;
      for (let d = 0; d < dimension; d += 1) embeddings[at + d] = embeddings[at + d]! + values[from + d]!;
      weight += values[from + dimension + use]!;
    }
    if (mean && last - first > 1) {
      const share = 1 / (last - first);
      for (let d = 0; d < dimension; d += 1, at += 1) embeddings[at] = embeddings[at]! * share;
      weight *= share;
    }
    firstOrder[out] = weight;
  }
}
