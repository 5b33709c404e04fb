import type { FixedSizeList, Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { buildTable, uint32Column, vectorColumn } from './arrow-build.js';
import { columnOf, readNumbers, readVectors } from './arrow-read.js';
import { validateTable } from './validate.js';

/** embeddings/1 in memory. */
export interface Embeddings {
  /** Number of rows. */
  readonly length: number;
  /** The interaction whose explanation (or text) each vector encodes. */
  readonly interactionId: Uint32Array;
  /** d, the size of a vector. */
  readonly dimension: number;
  /** Row major, [length, dimension]. */
  readonly values: Float32Array;
  /** Name of the encoder that made them. */
  readonly encoder: string;
  /** Whether every vector has Euclidean length 1. */
  readonly normalized: boolean;
}

/** As an Arrow table with schema embeddings/1; encoder, dimension and normalized stand in the metadata `expctr.*`. */
export function embeddingsToTable(embeddings: Embeddings): Table {
  const { length, dimension, values, interactionId } = embeddings;
  if (values.length !== length * dimension || interactionId.length !== length) {
    throw new DataError('DATA_SHAPE', `${values.length} embedding values and ${interactionId.length} ids for ${length} rows`, {
      expected: `${length} rows of ${dimension} values`,
    });
  }
  const columns = [uint32Column('interaction_id', interactionId), vectorColumn('embedding', dimension, values)];
  return buildTable('embeddings/1', length, columns, {
    'expctr.encoder': embeddings.encoder,
    'expctr.dimension': String(dimension),
    'expctr.normalized': String(embeddings.normalized),
  });
}

/** From an Arrow table. @throws DataError where the table is not embeddings/1. */
export function embeddingsFromTable(table: Table): Embeddings {
  validateTable(table, 'embeddings/1');
  const vectors = columnOf(table, 'embedding');
  const dimension = (vectors.type as FixedSizeList).listSize;
  return {
    length: table.numRows,
    interactionId: readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(table.numRows)),
    dimension,
    values: readVectors(vectors, dimension),
    encoder: table.schema.metadata.get('expctr.encoder') ?? '',
    normalized: table.schema.metadata.get('expctr.normalized') === 'true',
  };
}
