import { valueHash, type FeatureSchema } from '@expctr/ctr-models';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestError } from '../src/errors.js';
import { encodeRow } from '../src/inputs/encode-row.js';
import { featureInputs } from '../src/inputs/table.js';

const schema: FeatureSchema = {
  version: 'features/1',
  tables: [
    { name: 'item', vocabulary: ['a', 'b', '7', 'true'] },
    { name: 'label', vocabulary: ['0', '1'] },
  ],
  features: [
    { kind: 'categorical', name: 'item', table: 'item' },
    { kind: 'multi-valued', name: 'set', table: 'item', pooling: 'mean', maxLength: 2 },
    { kind: 'sequence', name: 'past', table: 'item', maxLength: 2 },
    { kind: 'numeric', name: 'year', missing: 'mean', mean: 0, standardDeviation: 1 },
    { kind: 'numeric', name: 'rate', missing: 'error', mean: 0, standardDeviation: 1 },
    { kind: 'frequency', name: 'popularity', of: 'item', counts: [0, 1, 1, 1, 1], mean: 0, standardDeviation: 1 },
    {
      kind: 'events',
      name: 'history',
      maxLength: 2,
      fields: [
        { kind: 'categorical', name: 'item', table: 'item', target: 'item' },
        { kind: 'multi-valued', name: 'set', table: 'item', pooling: 'mean', maxLength: 2, target: 'set' },
        { kind: 'categorical', name: 'label', table: 'label' },
      ],
    },
    { kind: 'dense', name: 'z', dimension: 2, mean: [0.5, -1], scale: 1 },
  ],
};
const graph = ['item', 'set', 'past', 'year', 'rate', 'history.item', 'history.set', 'history.label', 'z'];
const inputs = featureInputs(schema, graph);
const row = {
  item: 'b',
  set: ['a', 'nobody', 'b'],
  past: ['a', 'b', 7],
  year: null,
  rate: -1.5,
  history: [
    { item: 'a', set: [], label: 0 },
    { item: 'b', set: ['a', 'b', 'a'], label: 1 },
    { item: '?', set: ['b'], label: '0' },
  ],
  z: [1, 2],
};
const feeds = (rows: readonly object[]): Record<string, { dims: readonly number[]; data: number[] }> =>
  Object.fromEntries(
    inputs
      .flatMap((input, at) => Object.entries(input.feed(rows.map((each) => encodeRow(inputs, each, 'row')[at]))))
      .map(([name, { dims, data }]) => [name, { dims, data: Array.from(data as ArrayLike<number>) }]),
  );

describe('rows of features', () => {
  test('go into the graph as its README says: ids from 1, 0 unknown, -1 behind the last, the first of a set, the last of a sequence', () => {
    const empty = { ...row, item: null, set: [], past: [], year: 3, history: [], z: null };
    expect(feeds([row, empty])).toEqual({
      item: { dims: [2], data: [2, 0] },
      set: { dims: [2, 2], data: [1, 0, -1, -1] },
      past: { dims: [2, 2], data: [2, 3, -1, -1] },
      year: { dims: [2], data: [NaN, 3] },
      rate: { dims: [2], data: [-1.5, -1.5] },
      'history.item': { dims: [2, 2], data: [2, 0, -1, -1] },
      'history.set': { dims: [2, 2, 2], data: [1, 2, 2, -1, -1, -1, -1, -1] },
      'history.label': { dims: [2, 2], data: [2, 1, -1, -1] },
      z: { dims: [2, 2], data: [1, 2, 0.5, -1] },
    });
    expect(feeds([empty])['set']).toEqual({ dims: [1, 1], data: [-1] }); // never an empty axis
    expect(feeds([{ ...row, item: true }])['item']!.data).toEqual([4]);
  });

  test('what a graph does not take is no feature of it', () => {
    const fewer = featureInputs(schema, ['item', 'rate']);
    expect(fewer.map(({ name }) => name)).toEqual(['item', 'rate']);
    expect(() => encodeRow(fewer, { item: 'a', rate: 1, history: [] }, 'row')).toThrow('no feature "history"');
  });

  test('any JSON in any place is taken or refused by name', () => {
    const anything = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(1e308, -0, '\u0000', '__proto__', [[]], { item: 'a' }));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(row), 'other', '__proto__'), anything, (name, value) => {
        const changed = JSON.parse(
          JSON.stringify({ ...row, [name]: null }).replace(`"${name}":null`, () => `${JSON.stringify(name)}:${JSON.stringify(value)}`), // a text such as "$&" means nothing
        ) as object;
        try {
          const encoded = encodeRow(inputs, changed, 'rows[0]');
          expect(encoded).toHaveLength(inputs.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
          expect((error as RequestError).where).toContain('rows[0]');
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('a table that hashes takes any value, into the bucket that training put it into', () => {
  const tables = [{ name: 'item', vocabulary: [], hash: { buckets: 9, values: 0, shared: 0 } }];
  const [item] = featureInputs({ version: 'features/1', tables, features: [schema.features[0]!] }, ['item']);
  expect(['a', 7, null].map((value) => item!.encode(value))).toEqual([1 + (valueHash('a') % 9), 1 + (valueHash('7') % 9), 0]);
});
