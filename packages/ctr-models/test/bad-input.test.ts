import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { Field, Float64, Int32, List, Table, Utf8, vectorFromArray } from 'apache-arrow';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  buildFeatures,
  encodeFeatures,
  fitCtr,
  fitSchema,
  loadCtrModel,
  rawColumnsFromTable,
  selectRows,
  withDense,
  type CtrModel,
} from '../src/index.js';
import { smallWorld } from './world.js';

/** What a caller in plain JavaScript may pass. */
type Anything = never;
type Loose = Readonly<Record<string, unknown>>;
const loose = (value: unknown): Anything => value as Anything;

const { interactions, items } = smallWorld(createRng('bad input'), { users: 8, items: 10, perUser: 20 });
const features = buildFeatures({ interactions, items, fitRows: rowsOf(interactions, 'train') });
const train = selectRows(features, rowsOf(interactions, 'train'));
const valid = selectRows(features, rowsOf(interactions, 'valid'));
let model: CtrModel;

beforeAll(async () => {
  await useOnnx();
  model = await fitCtr({ backbone: 'logistic-regression', train, options: { epochs: 1 }, rng: createRng(1) });
});

const column = (name: string): Record<string, Int32Array> => train.columns[name] as unknown as Record<string, Int32Array>;
const withColumn = (name: string, change: object): object => ({
  ...train,
  columns: { ...train.columns, [name]: { ...train.columns[name], ...change } },
});
const withLabels = (labels: unknown): object => ({ ...train, labels });

const categorical = (codes: number[], values: unknown = ['a', 'b']): object => ({
  kind: 'categorical',
  codes: Int32Array.from(codes),
  values,
});
const numeric = (...values: number[]): object => ({ kind: 'numeric', values: Float64Array.from(values) });
const dense = (dimension: number, ...data: number[]): object => ({ kind: 'dense', dimension, data: Float32Array.from(data) });
const list = (offsets: number[], ...codes: number[]): object => ({
  kind: 'list',
  offsets: Uint32Array.from(offsets),
  codes: Int32Array.from(codes),
  values: ['a'],
});

const U = { kind: 'categorical', name: 'u' };
const fitted = (change: Loose) => () =>
  fitSchema(loose({ definitions: [U], columns: { u: categorical([0, 1]) }, rows: [0, 1], ...change }));
const fittedWith = (definition: Loose, of: object) =>
  fitted({ definitions: [U, definition], columns: { u: categorical([0, 1]), [definition['name'] as string]: of } });
const raw = { u: categorical([0, 1]), n: numeric(1, 2), z: dense(2, 1, 2, 3, 4) };
const schema = fitSchema(
  loose({ definitions: [U, { kind: 'numeric', name: 'n' }, { kind: 'dense', name: 'z' }], columns: raw, rows: [0, 1] }),
);
const encoded =
  (change: Loose, labels: unknown = Uint8Array.of(0, 1)) =>
  () =>
    encodeFeatures(loose({ schema, columns: { ...raw, ...change }, labels }));
const built = (change: Loose) => () => buildFeatures(loose({ interactions, items, ...change }));
const fit = (change: Loose) => () =>
  fitCtr(loose({ backbone: 'logistic-regression', train, rng: createRng(1), options: { epochs: 1 }, ...change }));
const predicted = (rows: unknown, options?: Loose) => () => model.predict(loose(rows), options);
const read = (columns: Loose, definition: Loose) => () => rawColumnsFromTable(new Table(columns as Anything), loose([definition]));

/** What is tried, the code that it ends with, and words of the message: column and row where there are any. */
const CASES: Readonly<Record<string, readonly (readonly [name: string, run: () => unknown, code: string, ...words: string[]])[]>> = {
  fitSchema: [
    ['no definitions', fitted({ definitions: undefined }), 'CTR_SCHEMA', 'definitions is missing'],
    ['no features', fitted({ definitions: [] }), 'CTR_SCHEMA'],
    ['no columns', fitted({ columns: null }), 'CTR_SCHEMA', 'columns is null'],
    ['no rows', fitted({ rows: undefined }), 'CTR_SCHEMA', 'rows is missing'],
    ['an empty split', fitted({ rows: [] }), 'CTR_EMPTY'],
    ['an unknown kind', fitted({ definitions: [{ kind: 'cat', name: 'u' }] }), 'CTR_SCHEMA', "'u'", '"cat"'],
    ['a definition without a name', fitted({ definitions: [{ kind: 'categorical' }] }), 'CTR_SCHEMA', 'definition 0'],
    ['a name twice', fitted({ definitions: [U, U] }), 'CTR_SCHEMA', "'u'"],
    ['a missing column', fitted({ columns: {} }), 'CTR_SCHEMA', "'u'"],
    ['a column of another kind', fitted({ columns: { u: numeric(0, 1) } }), 'CTR_SCHEMA', "'u'"],
    ['a plain array of codes', fitted({ columns: { u: { kind: 'categorical', codes: [0, 1], values: ['a', 'b'] } } }), 'CTR_SCHEMA', "'u'"],
    ['a code without a value', fitted({ columns: { u: categorical([0, 7]) } }), 'CTR_SCHEMA', "'u'", 'code 1', '7'],
    ['values that are none', fitted({ columns: { u: categorical([0, 1], null) } }), 'CTR_SCHEMA', "'u'"],
    ['a row beyond the last', fitted({ rows: [0, 9] }), 'CTR_LENGTH', 'row 9'],
    ['a row below the first', fitted({ rows: [-1] }), 'CTR_LENGTH', 'row -1'],
    ['a row that is NaN', fitted({ rows: [NaN] }), 'CTR_LENGTH', 'row NaN'],
    ['half a row', fitted({ rows: [0.5] }), 'CTR_LENGTH', 'row 0.5'],
    ['a count that is no number', fitted({ minimumCount: '2' }), 'CTR_OPTION', 'minimumCount'],
    ['a count of NaN', fitted({ minimumCount: NaN }), 'CTR_OPTION', 'minimumCount'],
    ['NaN in a number', fittedWith({ kind: 'numeric', name: 'n' }, numeric(1, NaN)), 'CTR_NOT_FINITE', "'n'", 'row 1'],
    ['infinity in a number', fittedWith({ kind: 'numeric', name: 'n' }, numeric(1, Infinity)), 'CTR_NOT_FINITE', "'n'", 'row 1'],
    ['too few numbers', fittedWith({ kind: 'numeric', name: 'n' }, numeric(1)), 'CTR_LENGTH', 'row 1'],
    [
      'a rule for what is missing that is none',
      fittedWith({ kind: 'numeric', name: 'n', missing: 'zero' }, numeric(1, 2)),
      'CTR_SCHEMA',
      "'n'",
      'missing',
    ],
    ['vectors that do not divide', fittedWith({ kind: 'dense', name: 'z' }, dense(3, 1, 2, 3, 4, 5)), 'CTR_LENGTH', "'z'"],
    ['vectors of no components', fittedWith({ kind: 'dense', name: 'z' }, dense(0)), 'CTR_LENGTH', "'z'"],
    ['vectors of less than none', fittedWith({ kind: 'dense', name: 'z' }, dense(-1, 1, 2)), 'CTR_LENGTH', "'z'"],
    ['NaN in a vector', fittedWith({ kind: 'dense', name: 'z' }, dense(1, 1, NaN)), 'CTR_NOT_FINITE', "'z'", 'row 1'],
    ['lists beyond their entries', fittedWith({ kind: 'multi-valued', name: 'l' }, list([0, 1, 9], 0)), 'CTR_SCHEMA', "'l'", 'offset 2'],
    ['lists that run backward', fittedWith({ kind: 'sequence', name: 'l' }, list([1, 0, 1], 0)), 'CTR_SCHEMA', "'l'", 'offset 1'],
    [
      'a pooling that is none',
      fittedWith({ kind: 'multi-valued', name: 'l', pooling: 'max' }, list([0, 1, 1], 0)),
      'CTR_SCHEMA',
      "'l'",
      'pooling',
    ],
    ['a length below one', fittedWith({ kind: 'sequence', name: 'l', maxLength: 0 }, list([0, 1, 1], 0)), 'CTR_SCHEMA', "'l'", 'maxLength'],
  ],
  encodeFeatures: [
    ['no labels', encoded({}, null), 'CTR_SCHEMA', 'labels is null'],
    ['a label of 2', encoded({}, Uint8Array.of(0, 2)), 'CTR_LABEL', 'row 1', '2'],
    ['a label of NaN', encoded({}, Float32Array.of(0, NaN)), 'CTR_LABEL', 'row 1', 'NaN'],
    ['a missing column', encoded({ z: undefined }), 'CTR_SCHEMA', "'z'"],
    ['a column of another kind', encoded({ u: numeric(0, 1) }), 'CTR_SCHEMA', "'u'"],
    ['vectors of another length', encoded({ z: dense(4, 1, 2, 3, 4, 5, 6, 7, 8) }), 'CTR_SCHEMA', "'z'", '4'],
    ['too few rows', encoded({ n: numeric(1) }), 'CTR_LENGTH', "'n'"],
    ['NaN where it is not allowed', encoded({ n: numeric(1, NaN) }), 'CTR_NOT_FINITE', "'n'", 'row 1'],
    ['a code without a value', encoded({ u: categorical([0, 5]) }), 'CTR_SCHEMA', "'u'", '5'],
  ],
  buildFeatures: [
    ['no interactions', built({ interactions: undefined }), 'CTR_SCHEMA', 'interactions is missing'],
    ['no items', built({ items: null }), 'CTR_SCHEMA', 'items is null'],
    ['a row beyond the last', built({ rows: [0, 99_999] }), 'CTR_LENGTH', 'row 99999'],
    ['a row to fit on beyond the last', built({ fitRows: [99_999] }), 'CTR_LENGTH', 'row 99999'],
    ['no rows to fit on', built({ fitRows: [] }), 'CTR_EMPTY'],
    ['a label of 2', built({ interactions: { ...interactions, label: interactions.label.map(() => 2) } }), 'CTR_LABEL', 'row 0'],
    ['a history of no entries', built({ historyLength: 0 }), 'CTR_SCHEMA', 'maxLength'],
    ['an option that is not there', built({ histories: true }), 'OPTIONS_UNKNOWN', 'histories'],
    ['vectors that are none', built({ vectors: { z: undefined } }), 'CTR_SCHEMA', "'z'"],
    [
      'too few numbers',
      built({ vectors: { z: { data: new Float32Array(5), dimension: 3, interactionIds: [0, 1] } } }),
      'CTR_LENGTH',
      "'z'",
    ],
    [
      'a vector of no interaction',
      built({ vectors: { z: { data: new Float32Array(3), dimension: 3, interactionIds: [99_999] } } }),
      'CTR_DENSE_ROWS',
      '99999',
    ],
    ['a schema that is none', built({ schema: {} }), 'CTR_SCHEMA'],
    ['the schema of other data', built({ schema }), 'CTR_SCHEMA', "'u'"],
  ],
  rawColumnsFromTable: [
    ['a missing column', read({ a: vectorFromArray([1], new Int32()) }, U), 'DATA_MISSING_COLUMN', "'u'"],
    ['text for a number', read({ n: vectorFromArray(['a'], new Utf8()) }, { kind: 'numeric', name: 'n' }), 'CTR_SCHEMA', "'n'"],
    ['real numbers for names', read({ u: vectorFromArray([1.5], new Float64()) }, U), 'CTR_SCHEMA', "'u'"],
    ['a list for a name', read({ u: vectorFromArray([[1]], new List(new Field('x', new Int32()))) }, U), 'CTR_SCHEMA', "'u'"],
    ['a number for a list', read({ l: vectorFromArray([1], new Int32()) }, { kind: 'multi-valued', name: 'l' }), 'CTR_SCHEMA', "'l'"],
    ['a number for a vector', read({ z: vectorFromArray([1], new Float64()) }, { kind: 'dense', name: 'z' }), 'CTR_SCHEMA', "'z'"],
    ['an unknown kind', read({ u: vectorFromArray([1], new Int32()) }, { kind: 'id', name: 'u' }), 'CTR_SCHEMA', "'u'"],
    ['no table', () => rawColumnsFromTable(loose(undefined), loose([U])), 'CTR_SCHEMA', 'table'],
  ],
  'selectRows and withDense': [
    ['a row beyond the last', () => selectRows(train, [99_999]), 'CTR_LENGTH', 'row 99999'],
    ['no features', () => selectRows(loose(null), [0]), 'CTR_SCHEMA'],
    ['too few numbers', () => withDense(encoded({})(), 'z', new Float32Array(2)), 'CTR_LENGTH', "'z'"],
    ['no such feature', () => withDense(train, 'z', new Float32Array(2)), 'CTR_SCHEMA', "'z'"],
  ],
  fitCtr: [
    ['no rows at all', fit({ train: undefined }), 'CTR_SCHEMA', 'fitCtr train'],
    ['features that are none', fit({ train: {} }), 'CTR_SCHEMA', 'schema'],
    ['no generator', fit({ rng: undefined }), 'CTR_OPTION', 'createRng'],
    ['no backbone', fit({ backbone: undefined }), 'CTR_BACKBONE', 'deepfm'],
    ['an unknown backbone', fit({ backbone: 'deep-fm' }), 'CTR_BACKBONE', 'deep-fm'],
    ['options that are none', fit({ options: null }), 'CTR_OPTION'],
    ['an option of another type', fit({ options: { epochs: '3' } }), 'CTR_OPTION', 'epochs'],
    ['a label of 2', fit({ train: withLabels(train.labels.map((y, r) => (r === 3 ? 2 : y))) }), 'CTR_LABEL', 'row 3'],
    ['half a label', fit({ train: withLabels(Float32Array.from(train.labels, (y, r) => (r === 3 ? 0.5 : y))) }), 'CTR_LABEL', 'row 3'],
    ['a label of NaN', fit({ train: withLabels(Float32Array.from(train.labels, (y, r) => (r === 3 ? NaN : y))) }), 'CTR_LABEL', 'row 3'],
    ['too few labels', fit({ train: withLabels(train.labels.slice(1)) }), 'CTR_LENGTH', 'labels'],
    ['one class', fit({ train: withLabels(train.labels.map(() => 1)) }), 'CTR_ONE_CLASS', 'train'],
    ['one class to validate on', fit({ valid: { ...valid, labels: valid.labels.map(() => 0) } }), 'CTR_ONE_CLASS', 'valid'],
    ['no rows to validate on', fit({ valid: selectRows(features, []) }), 'CTR_EMPTY', 'valid'],
    ['no training rows', fit({ train: selectRows(features, []) }), 'CTR_EMPTY', 'train'],
    [
      'an id beyond its table',
      fit({ train: withColumn('user', { ids: column('user')['ids']!.map(() => 999) }) }),
      'CTR_SCHEMA',
      "'user'",
      '999',
    ],
  ],
  predict: [
    ['nothing', predicted(undefined), 'CTR_SCHEMA', 'undefined'],
    ['features that are none', predicted({}), 'CTR_SCHEMA', 'schema'],
    ['no columns', predicted({ ...train, columns: undefined }), 'CTR_SCHEMA', 'columns'],
    ['a missing column', predicted({ ...train, columns: {} }), 'CTR_SCHEMA', "'user'"],
    ['a column of no kind', predicted(withColumn('user', { kind: 'what' })), 'CTR_SCHEMA', "'user'"],
    ['numbers for ids', predicted(withColumn('user', { kind: 'numbers', values: new Float32Array(train.length) })), 'CTR_SCHEMA', "'user'"],
    [
      'ids for numbers',
      predicted(withColumn('item_popularity', { kind: 'ids', ids: new Int32Array(train.length) })),
      'CTR_SCHEMA',
      "'item_popularity'",
    ],
    [
      'NaN',
      predicted(withColumn('item_popularity', { values: new Float32Array(train.length).fill(NaN), index: undefined })),
      'CTR_NOT_FINITE',
      "'item_popularity'",
      'row 0',
    ],
    ['an id below all', predicted(withColumn('user', { ids: column('user')['ids']!.map(() => -5) })), 'CTR_SCHEMA', "'user'", '-5'],
    [
      'lists beyond their entries',
      predicted(withColumn('history_liked', { offsets: Uint32Array.from(column('history_liked')['offsets']!, (o) => o + 1000) })),
      'CTR_SCHEMA',
      "'history_liked'",
    ],
    ['more rows than columns have', predicted({ ...train, length: train.length + 1 }), 'CTR_LENGTH', "'user'"],
    ['a number of rows that is none', predicted({ ...train, length: NaN }), 'CTR_SCHEMA', 'length'],
    ['no rows', predicted(selectRows(features, [])), 'CTR_EMPTY'],
    ['another schema', predicted(encoded({})()), 'CTR_SCHEMA', 'another schema'],
    ['an option that is not there', predicted(train, { atmean: [] }), 'OPTIONS_UNKNOWN', 'atMean'],
    ['a vector that is not there', predicted(train, { atMean: ['z'] }), 'CTR_SCHEMA', "'z'"],
  ],
  loadCtrModel: [
    ['no folder', () => loadCtrModel(loose(undefined)), 'CTR_MODEL_FILE'],
    ['a folder that is not there', () => loadCtrModel('/nowhere/at/all'), 'CTR_MODEL_FILE', 'config.json'],
  ],
};

describe.each(Object.entries(CASES))('%s refuses', (_, cases) => {
  test.each(cases.map(([name, run, code, ...words]) => ({ name, run, code, words })))('$name', async ({ run, code, words }) => {
    const error = await Promise.resolve()
      .then(run)
      .then(
        () => undefined,
        (thrown: unknown) => thrown as { readonly code?: string; readonly message: string },
      );
    expect(error).toMatchObject({ code });
    for (const word of words) expect(error!.message).toContain(word);
  });
});

test('what is not an error has a defined result: unseen values are unknown, missing ones too, and other columns are left alone', async () => {
  const unseen = encodeFeatures(
    loose({ schema, columns: { ...raw, u: categorical([0, -1], ['never seen']), other: numeric(1) }, labels: Uint8Array.of(0, 0) }),
  );
  expect(unseen.columns['u']).toMatchObject({ ids: Int32Array.of(0, 0) });
  const unknownUser = { ...train, columns: { ...train.columns, user: { ...column('user'), ids: column('user')['ids']!.map(() => 0) } } };
  const predictions = await model.predict(loose(unknownUser));
  expect(predictions.every((p) => p > 0 && p < 1)).toBe(true);
});
