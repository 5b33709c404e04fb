import type { Table } from 'apache-arrow';
import { buildTable, columnOf, readStrings, readVectors, utf8Column, vectorColumn } from '@expctr/data';
import { EncoderError } from '../errors.js';

/** Vectors by item, as a run keeps them. */
export interface ItemVectors {
  /** The items' ids. */
  readonly itemIds: readonly string[];
  /** [items, d] row major. */
  readonly data: Float32Array;
  /** d, the size of a vector. */
  readonly dimension: number;
  /** Name of the encoder that made them. */
  readonly encoder: string;
}

const SCHEMA_NAME = 'item-vectors/1';

/** As an Arrow table with schema item-vectors/1: item_id utf8, embedding fixed_size_list<float32>[d]; the encoder stands in the metadata. */
export function itemVectorsToTable({ itemIds, data, dimension, encoder }: ItemVectors): Table {
  const columns = [utf8Column('item_id', itemIds), vectorColumn('embedding', dimension, data)];
  return buildTable(SCHEMA_NAME, itemIds.length, columns, { 'expctr.encoder': encoder, 'expctr.dimension': String(dimension) });
}

/** From an Arrow table. @throws EncoderError `ENCODER_ITEM_VECTORS` for a table that is something else, DataError for columns that are */
export function itemVectorsFromTable(table: Table): ItemVectors {
  const { metadata } = table.schema;
  const [schema, dimension] = [metadata.get('expctr.schema'), Number(metadata.get('expctr.dimension'))];
  if (schema !== SCHEMA_NAME || !Number.isInteger(dimension) || dimension < 1) {
    throw new EncoderError('ENCODER_ITEM_VECTORS', `the table is ${schema ?? 'of no named schema'}, with vectors of ${dimension} values`, {
      expected: `schema ${SCHEMA_NAME}, as itemVectorsToTable makes it`,
    });
  }
  const data = readVectors(columnOf(table, 'embedding'), dimension);
  if (!data.every(Number.isFinite)) throw new EncoderError('ENCODER_ITEM_VECTORS', 'a vector holds a value that is not finite');
  return { itemIds: readStrings(columnOf(table, 'item_id')), data, dimension, encoder: metadata.get('expctr.encoder') ?? '' };
}
