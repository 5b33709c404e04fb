import { embeddingsFromTable, validateTable } from '@expctr/data';
import { expect, test } from 'vitest';
import { createHashedEncoder, embeddingsTable } from '../src/index.js';

test('vectors of interactions are a table of the schema embeddings/1', async () => {
  const encoder = createHashedEncoder({ dimension: 8 });
  const vectors = await encoder.encode(['slow film', 'space opera', '']);
  const table = embeddingsTable([7, 3, 9], vectors, encoder);
  validateTable(table, 'embeddings/1');
  const read = embeddingsFromTable(table);
  expect([...read.interactionId]).toEqual([7, 3, 9]);
  expect(read.values).toEqual(vectors);
  expect([read.encoder, read.dimension, read.normalized]).toEqual(['hashed:8', 8, true]);
});

test('a wrong number of values is refused', () => {
  expect(() => embeddingsTable([1, 2], new Float32Array(8), createHashedEncoder({ dimension: 8 }))).toThrow(
    expect.objectContaining({ code: 'DATA_SHAPE' }),
  );
});
