import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { Float32, List, Struct, Table, Utf8, Field, FixedSizeList, Int32, makeData, makeVector, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildFeatures,
  encodeFeatures,
  eventsFeatures,
  fitSchema,
  rawColumnsFromTable,
  selectRows,
  withDense,
  withVectors,
  type DenseVectors,
  type FeatureDefinition,
  type DenseColumn,
  type EventsColumn,
  type FeatureSchema,
  type Features,
  type IdColumn,
  type IdListColumn,
  type NumberColumn,
  type RawColumn,
} from '../src/index.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld();
const train = rowsOf(interactions, 'train', 'ctr');
const features = buildFeatures({ interactions, items, fitRows: train });

/** Ids of a list column for a row. */
function listOf(from: Features, name: string, row: number): number[] {
  const { offsets, ids, index } = from.columns[name] as IdListColumn;
  const position = index === undefined ? row : index[row]!;
  return [...ids.subarray(offsets[position], offsets[position + 1])];
}
const idOf = (from: Features, name: string, row: number): number => {
  const { ids, index } = from.columns[name] as IdColumn;
  return ids[index === undefined ? row : index[row]!]!;
};

describe('buildFeatures', () => {
  test('h(u, i) holds user, item, attributes, year, popularity and both history sequences', () => {
    expect(features.schema.features.map((f) => f.name)).toEqual([
      'user',
      'item',
      'item_genres',
      'history_liked',
      'history_disliked',
      'item_year',
      'item_popularity',
      'history_liked_count',
      'history_disliked_count',
    ]);
    const shared = features.schema.features.filter((f) => 'table' in f && f.table === 'item').map((f) => f.name);
    expect(shared).toEqual(['item', 'history_liked', 'history_disliked']);
  });

  test('the history is split by the label of its own rows, oldest first', () => {
    const vocabulary = features.schema.tables.find((t) => t.name === 'item')!.vocabulary;
    for (const row of [0, 5, 39, 41, 200, interactions.length - 1]) {
      const history = [...interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1])];
      for (const [name, label] of [['history_liked', 1] as const, ['history_disliked', 0] as const]) {
        const expected = history
          .filter((h) => interactions.label[h] === label)
          .map((h) => vocabulary.indexOf(`i${interactions.item[h]}`) + 1);
        expect(listOf(features, name, row)).toEqual(expected);
      }
    }
  });

  test('nothing outside the rows to fit on enters vocabularies or normalization', () => {
    const few = train.slice(0, 40);
    const seen = new Set(Array.from(few, (row) => interactions.userIds[interactions.user[row]!]!));
    const { schema } = buildFeatures({ interactions, items, fitRows: few });
    expect(new Set(schema.tables.find((t) => t.name === 'user')!.vocabulary)).toEqual(seen);

    const labels = interactions.label.map((y, row) => (interactions.split[row] === 2 ? 1 - y : y));
    const item = interactions.item.map((i, row) => (interactions.split[row] === 2 ? (i + 1) % items.length : i));
    const changed = buildFeatures({ interactions: { ...interactions, label: labels, item }, items, fitRows: train });
    expect(changed.schema).toEqual(features.schema);
  });

  test('the rows to fit on are those of the train split unless named', () => {
    const all = rowsOf(interactions, 'train');
    expect(buildFeatures({ interactions, items }).schema).toEqual(buildFeatures({ interactions, items, fitRows: all }).schema);
    expect(buildFeatures({ interactions, items }).schema).not.toEqual(
      buildFeatures({ interactions, items, fitRows: interactions.interactionId }).schema,
    );
  });

  test('a schema of before gives its ids and numbers, whatever rows are asked for', () => {
    const test = rowsOf(interactions, 'test');
    const again = buildFeatures({ interactions, items, rows: test, schema: features.schema });
    const selected = selectRows(features, test);
    const { values, index } = selected.columns['item_popularity'] as NumberColumn;
    const found = again.columns['item_popularity'] as NumberColumn;
    test.forEach((_, r) => expect(found.values[r]).toBe(values[index![r]!]));
  });

  test('values that training did not show have id 0', () => {
    const few = buildFeatures({ interactions, items, fitRows: train.slice(0, 40) });
    expect(idOf(few, 'user', interactions.length - 1)).toBe(0);
    expect(idOf(few, 'user', train[0]!)).toBeGreaterThan(0);
  });

  test('minimumCount leaves rare values unknown', () => {
    const { schema } = buildFeatures({ interactions, items, fitRows: train, minimumCount: 1e9 });
    expect(schema.tables.every((t) => t.vocabulary.length === 0)).toBe(true);
  });

  test('numbers are standardized on the rows to fit on, a missing year reads as their mean', () => {
    const { values, index } = features.columns['item_year'] as NumberColumn;
    const year = Float64Array.from(train, (row) => values[index![row]!]!);
    const known = year.filter((_, r) => !Number.isNaN(items.year[interactions.item[train[r]!]!]!));
    const mean = known.reduce((a, b) => a + b, 0) / known.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(known.reduce((a, b) => a + b * b, 0) / known.length).toBeCloseTo(1, 4);
    expect(values[0]).toBe(0); // item 0 has no year
  });

  test('rows in any order give the same features as selecting them from all', () => {
    const rows = Uint32Array.from([700, 3, 3, 1200, 41]);
    const direct = buildFeatures({ interactions, items, rows, fitRows: train });
    const selected = selectRows(features, rows);
    expect(direct.schema).toEqual(features.schema);
    expect(direct.labels).toEqual(selected.labels);
    for (let r = 0; r < rows.length; r += 1) {
      expect(idOf(direct, 'item', r)).toBe(idOf(selected, 'item', r));
      expect(listOf(direct, 'item_genres', r)).toEqual(listOf(selected, 'item_genres', r));
      expect(listOf(direct, 'history_liked', r)).toEqual(listOf(selected, 'history_liked', r));
    }
  });

  test('a dense column may lack rows that are not fitted, and names the row where it lacks one that is', async () => {
    const vectors = { data: new Float32Array(train.length * 2), dimension: 2, interactionIds: train };
    expect(buildFeatures({ interactions, items, fitRows: train, vectors: { z: vectors } }).length).toBe(interactions.length);
    const short = { ...vectors, data: vectors.data.subarray(2), interactionIds: train.subarray(1) };
    expect(await codeOf(() => buildFeatures({ interactions, items, fitRows: train, vectors: { z: short } }))).toBe('CTR_DENSE_ROWS');
    expect(await codeOf(() => buildFeatures({ interactions, items, fitRows: train, vectors: { z: { ...vectors, dimension: 3 } } }))).toBe(
      'CTR_LENGTH',
    );
  });
});

describe('buildFeatures with events', () => {
  const withEvents = buildFeatures({ interactions, items, fitRows: train, events: true });
  const { offsets, events, index, fields } = withEvents.columns['history'] as EventsColumn;

  test('adds the history event by event, oldest first: item, attributes and label of the same past interaction', () => {
    const vocabulary = (name: string): readonly string[] => withEvents.schema.tables.find((t) => t.name === name)!.vocabulary;
    const { ids: item } = fields['item'] as IdColumn;
    const { ids: label } = fields['label'] as IdColumn;
    const genres = fields['item_genres'] as IdListColumn;
    for (const row of [0, 5, 39, 200, interactions.length - 1]) {
      const past = [...events.subarray(offsets[index![row]!], offsets[index![row]! + 1])];
      expect(past).toEqual([...interactions.history.subarray(interactions.historyOffsets[row], interactions.historyOffsets[row + 1])]);
      for (const event of past) {
        expect(vocabulary('item')[item[event]! - 1]).toBe(`i${interactions.item[event]}`);
        expect(vocabulary('history_label')[label[event]! - 1]).toBe(String(interactions.label[event]));
        const at = genres.index![event]!;
        const names = [...genres.ids.subarray(genres.offsets[at], genres.offsets[at + 1])].map((id) => vocabulary('item_genres')[id - 1]);
        expect(names).toEqual(items.attributes['genres']![interactions.item[event]!]);
      }
    }
    expect(eventsFeatures(withEvents.schema)[0]!.fields.map((f) => [f.name, f.table, f.target])).toEqual([
      ['item', 'item', 'item'],
      ['item_genres', 'item_genres', 'item_genres'],
      ['label', 'history_label', undefined],
    ]);
  });

  test('points into the interactions, and leaves all other features as they were', () => {
    expect(offsets).toBe(interactions.historyOffsets);
    expect(events).toBe(interactions.history);
    for (const minimumCount of [1, 3]) {
      const [without, beside] = [false, true].map((on) => buildFeatures({ interactions, items, fitRows: train, events: on, minimumCount }));
      expect(beside!.schema.features.filter((f) => f.kind !== 'events')).toEqual(without!.schema.features);
      expect(beside!.schema.tables.slice(0, -1)).toEqual(without!.schema.tables);
      for (const [name, column] of Object.entries(without!.columns)) expect(beside!.columns[name]).toEqual(column);
    }
  });

  test('gives an embedding to attributes that only past items have', () => {
    const row = train.find((r) => interactions.historyOffsets[r + 1]! > interactions.historyOffsets[r]! + 5)!;
    const names = (on: boolean): readonly string[] =>
      buildFeatures({ interactions, items, fitRows: [row], events: on }).schema.tables.find((t) => t.name === 'item_genres')!.vocabulary;
    expect(names(true).slice(0, names(false).length)).toEqual(names(false));
    expect(names(true).length).toBeGreaterThan(names(false).length);
  });

  test('knows from the schema of a model whether to add them', () => {
    const test = rowsOf(interactions, 'test');
    const again = buildFeatures({ interactions, items, rows: test, schema: withEvents.schema });
    expect(again.columns['history']).toEqual(selectRows(withEvents, test).columns['history']);
    expect(buildFeatures({ interactions, items, schema: features.schema, events: true }).columns['history']).toBeUndefined();
  });
});

describe('withVectors', () => {
  const rng = createRng('vectors');
  const explanation: DenseVectors = {
    data: Float32Array.from({ length: interactions.length * 2 }, () => 3 + rng.normal()),
    dimension: 2,
    interactionIds: interactions.interactionId,
  };
  const title: DenseVectors = {
    data: Float32Array.from({ length: items.length * 3 }, () => rng.normal()),
    dimension: 3,
    itemCodes: items.itemIds.map((_, code) => code).reverse(),
  };
  const vectorOf = (from: Features, name: string, row: number): number[] => {
    const { data, dimension, index } = from.columns[name] as DenseColumn;
    return [...data.subarray(index![row]! * dimension, (index![row]! + 1) * dimension)];
  };

  test('gives what building at once gives, whatever rows were asked for and fitted on', () => {
    for (const rows of [interactions.interactionId, Uint32Array.from([700, 3, 3, 1200])]) {
      const base = buildFeatures({ interactions, items, rows, fitRows: train });
      const added = withVectors(withVectors(base, { title }), { z: explanation });
      const atOnce = buildFeatures({ interactions, items, rows, fitRows: train, vectors: { title, z: explanation } });
      expect(added.schema).toEqual(atOnce.schema);
      expect(added.columns).toEqual(atOnce.columns);
      for (const [name, column] of Object.entries(base.columns)) expect(added.columns[name]).toBe(column); // shared, not encoded anew
    }
  });

  test('finds vectors by item through the item of each row, and stores each once', () => {
    const rows = Uint32Array.from([41, 7, 900]);
    const selected = withVectors(selectRows(features, rows), { title });
    expect((selected.columns['title'] as DenseColumn).data).toBe(title.data);
    rows.forEach((row, r) => {
      const position = items.length - 1 - interactions.item[row]!;
      expect(vectorOf(selected, 'title', r)).toEqual([...title.data.subarray(position * 3, position * 3 + 3)]);
    });
  });

  test('normalizes on the rows that the features were fitted on, and on no others', () => {
    const other = { ...explanation, data: explanation.data.slice() };
    interactions.interactionId.forEach((row) => {
      if (!train.includes(row)) other.data.fill(1e3, 2 * row, 2 * row + 2);
    });
    expect(withVectors(features, { z: other }).schema).toEqual(withVectors(features, { z: explanation }).schema);
    const all = buildFeatures({ interactions, items, fitRows: interactions.interactionId });
    expect(withVectors(all, { z: other }).schema).not.toEqual(withVectors(all, { z: explanation }).schema);
  });

  test('takes the schema of a model, whose vectors are then not fitted again', () => {
    const { schema } = withVectors(features, { z: explanation });
    const fresh = { ...explanation, data: explanation.data.map((x) => 2 * x) };
    expect(withVectors(features, { z: fresh }, { schema }).schema).toBe(schema);
    const rebuilt = buildFeatures({ interactions, items, schema: features.schema });
    expect(withVectors(rebuilt, { z: fresh }, { schema }).schema).toBe(schema);
  });

  test('refuses what does not fit, by code', async () => {
    const code = (vectors: Record<string, DenseVectors>, from: Features = features, schema?: FeatureSchema): Promise<string | undefined> =>
      codeOf(() => withVectors(from, vectors, schema === undefined ? {} : { schema }));
    expect(await code({ user: explanation })).toBe('CTR_SCHEMA');
    expect(await code({ z: explanation }, { ...features, source: undefined } as never)).toBe('CTR_SCHEMA');
    expect(await code({ z: explanation }, buildFeatures({ interactions, items, schema: features.schema }))).toBe('CTR_SCHEMA');
    const few = buildFeatures({ interactions, items, fitRows: train.slice(0, 40), vectors: { z: explanation } });
    expect(await code({ z: explanation }, features, few.schema)).toBe('CTR_SCHEMA');
    expect(await code({ y: explanation }, features, withVectors(features, { z: explanation }).schema)).toBe('CTR_SCHEMA');
    expect(await code({ z: title }, features, withVectors(features, { z: explanation }).schema)).toBe('CTR_SCHEMA');
    expect(await code({ z: { ...title, itemCodes: Array.from({ length: items.length }, (_, k) => k + 1) } })).toBe('CTR_DENSE_ROWS');
    expect(await code({ z: { ...title, data: title.data.subarray(3), itemCodes: [...items.itemIds.keys()].slice(1) } })).toBe(
      'CTR_DENSE_ROWS',
    );
  });
});

describe('fitSchema and encodeFeatures', () => {
  const z: RawColumn = { kind: 'dense', data: Float32Array.from([1, 10, 3, 10, 5, 10, 100, 7]), dimension: 2 };
  const fitted = fitSchema({
    definitions: [
      { kind: 'dense', name: 'z' },
      { kind: 'categorical', name: 'a' },
    ],
    columns: { z, a: categorical(4) },
    rows: [0, 1, 2],
  });

  function categorical(length: number): RawColumn {
    return { kind: 'categorical', codes: new Int32Array(length), values: ['x'] };
  }

  test('a dense vector is centered and has squared norm 1 on average over the training rows', () => {
    expect(fitted.features[0]).toEqual({ kind: 'dense', name: 'z', dimension: 2, mean: [3, 10], scale: 1 / Math.sqrt(8 / 3) });
  });

  test('a constant vector has scale 0', () => {
    const constant: RawColumn = { kind: 'dense', data: new Float32Array(30).fill(0.1), dimension: 3 };
    const schema = fitSchema({
      definitions: [
        { kind: 'dense', name: 'z' },
        { kind: 'categorical', name: 'a' },
      ],
      columns: { z: constant, a: categorical(10) },
      rows: [...Array(10).keys()],
    });
    expect(schema.features[0]).toMatchObject({ scale: 0 });
  });

  test('withDense exchanges the vectors of the same rows', async () => {
    const encoded = encodeFeatures({ schema: fitted, columns: { z, a: categorical(4) }, labels: new Uint8Array(4) });
    expect(withDense(encoded, 'z', new Float32Array(8)).columns['z']).toMatchObject({ data: new Float32Array(8) });
    expect(await codeOf(() => withDense(encoded, 'a', new Float32Array(8)))).toBe('CTR_SCHEMA');
    expect(await codeOf(() => withDense(encoded, 'z', new Float32Array(6)))).toBe('CTR_LENGTH');
  });

  test('every value of the training rows has an id of its own, and no other has one', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 20 }), fc.nat(20), (strings, cut) => {
        const values = [...new Set(strings)];
        const column: RawColumn = { kind: 'categorical', codes: Int32Array.from(strings, (s) => values.indexOf(s)), values };
        const rows = strings.map((_, r) => r).slice(0, Math.max(1, cut));
        const schema = fitSchema({ definitions: [{ kind: 'categorical', name: 'a' }], columns: { a: column }, rows });
        const { ids } = encodeFeatures({ schema, columns: { a: column }, labels: new Uint8Array(strings.length) }).columns['a'] as IdColumn;
        const known = new Set(rows.map((r) => strings[r]));
        strings.forEach((s, r) => {
          expect(ids[r]! > 0).toBe(known.has(s));
          strings.forEach((t, q) => {
            if (known.has(s) && known.has(t)) expect(ids[r] === ids[q]).toBe(s === t);
          });
        });
      }),
    );
  });

  test('NaN is refused unless the feature says what it means', async () => {
    const n: RawColumn = { kind: 'numeric', values: Float32Array.from([1, NaN, 3]) };
    const fit = (missing: 'mean' | 'error') => () =>
      fitSchema({ definitions: [{ kind: 'numeric', name: 'n', missing }], columns: { n }, rows: [0, 1, 2] });
    expect(await codeOf(fit('error'))).toBe('CTR_NOT_FINITE');
  });
});

test('rawColumnsFromTable reads strings, integers, lists, numbers and vectors', async () => {
  const list = new List(new Field('item', new Utf8(), true));
  const event = new Struct([new Field('color', new Utf8()), new Field('tags', list), new Field('liked', new Int32())]);
  const vectors = makeVector(
    makeData({
      type: new FixedSizeList(2, new Field('item', new Float32(), true)),
      length: 3,
      child: makeData({ type: new Float32(), length: 6, data: Float32Array.from([1, 2, 3, 4, 5, 6]) }),
    }),
  );
  const table = new Table({
    color: vectorFromArray(['red', 'blue', 'red'], new Utf8()),
    size: vectorFromArray([3, 4, 3], new Int32()),
    tags: vectorFromArray([['a', 'b'], [], ['b']], list),
    price: vectorFromArray([1.5, null, 2.5], new Float32()),
    past: vectorFromArray(
      [
        [
          { color: 'blue', tags: ['b'], liked: 1 },
          { color: 'green', tags: [], liked: 0 },
        ],
        [],
        [{ color: 'red', tags: ['a', 'b'], liked: 1 }],
      ],
      new List(new Field('item', event, true)),
    ),
    z: vectors,
  });
  const definitions: FeatureDefinition[] = [
    { kind: 'categorical', name: 'color' },
    { kind: 'categorical', name: 'size' },
    { kind: 'multi-valued', name: 'tags' },
    { kind: 'events', name: 'past', fields: [{ name: 'color', target: 'color' }, { name: 'tags', target: 'tags' }, { name: 'liked' }] },
    { kind: 'numeric', name: 'price', missing: 'mean' },
    { kind: 'dense', name: 'z' },
  ];
  const columns = rawColumnsFromTable(table, definitions);
  const schema = fitSchema({ definitions, columns, rows: [0, 1, 2] });
  const read = encodeFeatures({ schema, columns, labels: new Uint8Array(3) });
  expect(read.columns['color']).toMatchObject({ ids: Int32Array.from([1, 2, 1]) });
  expect(schema.tables.map((t) => t.vocabulary)).toEqual([
    ['red', 'blue', 'green'],
    ['3', '4'],
    ['a', 'b'],
    ['1', '0'],
  ]);
  const past = read.columns['past'] as EventsColumn;
  expect(past).toMatchObject({ offsets: Uint32Array.from([0, 2, 2, 3]), events: Uint32Array.from([0, 1, 2]) });
  expect(past.fields).toMatchObject({
    color: { ids: Int32Array.from([2, 3, 1]) },
    tags: { offsets: Uint32Array.from([0, 1, 1, 3]), ids: Int32Array.from([2, 1, 2]) },
    liked: { ids: Int32Array.from([1, 2, 1]) },
  });
  expect(listOf(read, 'tags', 0)).toEqual([1, 2]);
  expect(listOf(read, 'tags', 1)).toEqual([]);
  expect((read.columns['price'] as NumberColumn).values).toEqual(Float32Array.from([-1, 0, 1]));
  expect(read.columns['z']).toMatchObject({ dimension: 2, data: Float32Array.from([1, 2, 3, 4, 5, 6]) });
  expect(await codeOf(() => rawColumnsFromTable(table, [{ kind: 'dense', name: 'tags' }]))).toBe('CTR_SCHEMA');
});
