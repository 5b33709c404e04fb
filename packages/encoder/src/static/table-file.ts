import { ExpctrError } from '@expctr/core';
import { buildTable, columnOf, readStrings, readTable, readVectors, utf8Column, vectorColumn, writeTable } from '@expctr/data';
import { EncoderError } from '../errors.js';
import type { StaticTable } from './static-table.js';

const SCHEMA_NAME = 'static-encoder/1';
const DIMENSION = 'expctr.dimension';
const COMPONENTS = 'expctr.components';
const UNKNOWN = 'expctr.unknown';

/** Writes a table as an Arrow file: feature utf8, vector fixed_size_list<float32>[d]; the first row, the empty feature, is the origin. */
export async function saveStaticTable(
  path: string,
  { features, vectors, dimension, components, unknown, origin }: StaticTable,
): Promise<void> {
  const rows = new Float32Array(origin.length + vectors.length); // [1 + features, dimension]
  rows.set(origin);
  rows.set(vectors, origin.length);
  const columns = [utf8Column('feature', ['', ...features]), vectorColumn('vector', dimension, rows)];
  const metadata = { [DIMENSION]: String(dimension), [COMPONENTS]: String(components), [UNKNOWN]: String(unknown) };
  await writeTable(path, buildTable(SCHEMA_NAME, features.length + 1, columns, metadata));
}

/** Reads a table. @throws EncoderError `ENCODER_STATIC_FILE` for a file that is not there, is damaged, or holds something else. */
export async function loadStaticTable(path: string): Promise<StaticTable> {
  try {
    const table = await readTable(path);
    const { metadata } = table.schema;
    if (metadata.get('expctr.schema') !== SCHEMA_NAME)
      throw unusable(path, `its schema is ${metadata.get('expctr.schema') ?? 'not named'}`);
    const [dimension = 0, components = 0, unknown = 0] = [DIMENSION, COMPONENTS, UNKNOWN].map((key) => Number(metadata.get(key)));
    if (!(Number.isInteger(dimension) && dimension > 0 && Number.isInteger(components) && components >= 0 && components <= dimension))
      throw unusable(path, `it has vectors of ${dimension} values, ${components} of them components`);
    if (!Number.isFinite(unknown)) throw unusable(path, `its scale of unknown features is ${unknown}`);
    const features = readStrings(columnOf(table, 'feature'));
    if (features.length === 0) throw unusable(path, 'it has no rows');
    const rows = readVectors(columnOf(table, 'vector'), dimension); // [1 + features, dimension]
    if (!rows.every(Number.isFinite)) throw unusable(path, 'a vector holds a value that is not finite');
    return {
      features: features.slice(1),
      vectors: rows.slice(dimension),
      dimension,
      components,
      unknown,
      origin: rows.slice(0, dimension),
    };
  } catch (cause) {
    if (cause instanceof EncoderError || !(cause instanceof ExpctrError)) throw cause;
    throw unusable(path, cause.message, cause);
  }
}

function unusable(path: string, what: string, cause?: unknown): EncoderError {
  return new EncoderError('ENCODER_STATIC_FILE', `this is no table of a static encoder: ${what}`, {
    where: path,
    expected: `an Arrow file with schema ${SCHEMA_NAME}, as saveStaticTable writes it`,
    remedy: 'check the path after `static:`; for the table that comes with the package, install @expctr/encoder again',
    cause,
  });
}
