import { createRng } from '@expctr/core';
import { describe, expect, test } from 'vitest';
import { encodeFeatures, fitSchema, type FeatureDefinition, type Features, type NumberColumn, type RawColumn } from '../src/index.js';
import { createTables, type EmbeddingTable } from '../src/tables/embedding-table.js';
import { gatherField, type FieldBuffers } from '../src/tables/gather.js';
import { fieldLookups } from '../src/tables/lookup.js';
import { createRowGradients } from '../src/tables/row-gradients.js';
import { createRowOptimizer } from '../src/tables/row-optimizer.js';

const DIMENSION = 3;

function listFeatures(kind: 'multi-valued' | 'sequence', lists: readonly (readonly number[])[], options: object = {}): Features {
  const values = ['a', 'b', 'c', 'd', 'e'];
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((list, row) => (offsets[row + 1] = offsets[row]! + list.length));
  const columns: Record<string, RawColumn> = { l: { kind: 'list', offsets, codes: Int32Array.from(lists.flat()), values } };
  const definitions: FeatureDefinition[] = [
    { kind, name: 'l', ...options },
    { kind: 'length', name: 'n', of: 'l' },
  ];
  const schema = fitSchema({ definitions, columns, rows: lists.map((_, row) => row) });
  return encodeFeatures({ schema, columns, labels: new Uint8Array(lists.length) });
}

function gathered(features: Features, tables: readonly EmbeddingTable[]): FieldBuffers {
  const rows = Int32Array.from({ length: features.length }, (_, row) => row);
  const buffers = { embeddings: new Float32Array(rows.length * DIMENSION).fill(9), firstOrder: new Float32Array(rows.length).fill(9) };
  gatherField(buffers, fieldLookups(features, tables)[0]!, tables[0]!, { field: 0, fields: 1, rows, start: 0, count: rows.length });
  return buffers;
}

/** Tables of random numbers, first-order weights too. */
function randomTables(features: Features): EmbeddingTable[] {
  const rng = createRng('tables');
  const tables = createTables(features.schema, {}, DIMENSION, rng);
  for (const { values } of tables) values.forEach((_, k) => (values[k] = rng.normal()));
  return tables;
}

const lists = [[0, 1, 2, 3, 4], [], [3], [1, 1, 4]];

describe.each(['multi-valued', 'sequence'] as const)('a %s feature', (kind) => {
  const features = listFeatures(kind, lists);
  const tables = randomTables(features);
  const { embeddings, firstOrder } = gathered(features, tables);
  const { values, width } = tables[0]!;

  test('is the mean of its rows, repeats counted; nothing gives zeros', () => {
    lists.forEach((list, row) => {
      for (let d = 0; d < width; d += 1) {
        const sum = list.reduce((total, code) => total + values[(code + 1) * width + d]!, 0);
        const found = d < DIMENSION ? embeddings[row * DIMENSION + d]! : firstOrder[row]!;
        expect(found).toBeCloseTo(list.length === 0 ? 0 : sum / list.length, 5);
      }
    });
  });

  test(`counts ${kind === 'sequence' ? 'the last' : 'the first'} entries where it is too long, and its length likewise`, () => {
    const short = listFeatures(kind, lists, { maxLength: 2 });
    const cut = gathered(short, tables);
    lists.forEach((list, row) => {
      const kept = kind === 'sequence' ? list.slice(-2) : list.slice(0, 2);
      const mean = kept.reduce((total, code) => total + values[(code + 1) * width]! / kept.length, 0);
      expect(cut.embeddings[row * DIMENSION]).toBeCloseTo(mean, 5);
    });
    const { values: lengths } = short.columns['n'] as NumberColumn;
    expect(lengths[0]).toBe(lengths[3]);
    expect(lengths[1]).toBeLessThan(lengths[2]!);
    expect(lengths[2]).toBeLessThan(lengths[0]!);
  });

  test('hands its gradient to the rows that it was pooled from: the adjoint of gathering', () => {
    const rng = createRng('adjoint');
    const upstream = { embeddings: embeddings.map(() => rng.normal()), firstOrder: firstOrder.map(() => rng.normal()) };
    const rows = Int32Array.from(lists, (_, row) => row);
    for (const options of [{}, { maxLength: 2 }]) {
      const limited = listFeatures(kind, lists, options);
      const found = gathered(limited, tables);
      const gradients = createRowGradients(tables[0]!, createRowOptimizer({ name: 'sgd', learningRate: 1 }));
      gradients.scatter(upstream, fieldLookups(limited, tables)[0]!, { field: 0, fields: 1, rows, start: 0, count: rows.length });
      // <gather(values), upstream> = <values, scatter(upstream)>
      let left = 0;
      found.embeddings.forEach((x, k) => (left += x * upstream.embeddings[k]!));
      found.firstOrder.forEach((x, k) => (left += x * upstream.firstOrder[k]!));
      let right = 0;
      for (const [id, gradient] of gradients.pending()) gradient.forEach((g, d) => (right += g * values[id * width + d]!));
      expect(right).toBeCloseTo(left, 4);
    }
  });
});

test('a sum-pooled feature is the sum of its rows', () => {
  const features = listFeatures('multi-valued', lists, { pooling: 'sum' });
  const tables = randomTables(features);
  const { embeddings } = gathered(features, tables);
  const { values, width } = tables[0]!;
  expect(embeddings[9]).toBeCloseTo(2 * values[2 * width]! + values[5 * width]!, 5);
});
