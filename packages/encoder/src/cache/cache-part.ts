import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { tableToIPC, type Table } from 'apache-arrow';
import {
  buildTable,
  columnOf,
  readNumbers,
  readStrings,
  readVectors,
  tableFromBytes,
  uint8Column,
  utf8Column,
  vectorColumn,
} from '@expctr/data';
import { EncoderCacheError } from '../errors.js';

/** Rows of an embedding cache. */
export interface CacheRows {
  /** SHA-256 of each text (UTF-8), hexadecimal. */
  readonly keys: readonly string[];
  /** [rows, d] row major. */
  readonly vectors: Float32Array;
  /** 1 for a text that was cut when it was encoded, else 0. */
  readonly truncated: Uint8Array;
}

const SCHEMA_NAME = 'embedding-cache/1';

/** One part of a cache as an Arrow IPC file: content_sha256 utf8, truncated uint8, embedding fixed_size_list<float32>[d]. */
export function encodePart({ keys, vectors, truncated }: CacheRows, dimension: number, encoder: string): Uint8Array {
  const columns = [utf8Column('content_sha256', keys), uint8Column('truncated', truncated), vectorColumn('embedding', dimension, vectors)];
  const table = buildTable(SCHEMA_NAME, keys.length, columns, { 'expctr.encoder': encoder, 'expctr.dimension': String(dimension) });
  return tableToIPC(table, 'file');
}

/** The name of a part says what its bytes are, so that damage shows. */
export function partName(bytes: Uint8Array): string {
  return `${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.arrow`;
}

/** @throws EncoderCacheError `ENCODER_CACHE_DAMAGED` for a file that is not, byte for byte, what was written. */
export async function readPart(path: string, dimension: number): Promise<CacheRows> {
  const bytes = await readFile(path);
  if (partName(bytes) !== basename(path)) throw damaged(path, 'its content is not what was written');
  const table = await parse(path, bytes);
  const { metadata } = table.schema;
  const [schema, size] = [metadata.get('expctr.schema'), metadata.get('expctr.dimension')];
  if (schema !== SCHEMA_NAME || size !== String(dimension)) throw damaged(path, `it holds '${schema}' with vectors of ${size} values`);
  const vectors = readVectors(columnOf(table, 'embedding'), dimension);
  if (!vectors.every(Number.isFinite)) throw damaged(path, 'a vector holds a value that is not finite');
  return {
    keys: readStrings(columnOf(table, 'content_sha256')),
    vectors,
    truncated: readNumbers(columnOf(table, 'truncated'), new Uint8Array(table.numRows)),
  };
}

async function parse(path: string, bytes: Uint8Array): Promise<Table> {
  try {
    return await tableFromBytes(bytes, path);
  } catch (cause) {
    throw damaged(path, 'it is not an Arrow file', cause);
  }
}

function damaged(path: string, what: string, cause?: unknown): EncoderCacheError {
  return new EncoderCacheError('ENCODER_CACHE_DAMAGED', `the embedding cache is damaged: ${what}`, {
    where: path,
    remedy: 'delete this file; the texts in it will be encoded again',
    cause,
  });
}
