import type { Table } from 'apache-arrow';
import { embeddingsToTable } from '@expctr/data';
import type { Encoder } from './encoder.js';

/**
 * Vectors of interactions as an Arrow table with the schema embeddings/1.
 *
 * @param ids interaction_id of each row
 * @param vectors [rows, d] row major, as {@link Encoder.encode} gives them
 * @param encoder what made them; its name, d and `normalized` go into the metadata
 * @throws DataError `DATA_SHAPE` unless there are d values for each id
 */
export function embeddingsTable(
  ids: ArrayLike<number>,
  vectors: Float32Array,
  { name, dimension, normalized }: Pick<Encoder, 'name' | 'dimension' | 'normalized'>,
): Table {
  const interactionId = Uint32Array.from(ids);
  return embeddingsToTable({ length: interactionId.length, interactionId, dimension, values: vectors, encoder: name, normalized });
}
