import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { findBackbone, fitCtr, FUSIONS, newest, recency, type FitOptions } from '../src/index.js';
import { createPredictor, type ModelState } from '../src/model/predictor.js';
import { createTables } from '../src/tables/embedding-table.js';
import { sharedValues } from '../src/model/shared-values.js';
import { optionsOf, features as random, ROWS, without } from './random-rows.js';
import { codeOf } from './world.js';

beforeAll(() => tf.setBackend('cpu'));

describe('however a dense vector enters,', () => {
  const cases: (readonly [string, Record<string, unknown>])[] = [
    ['fm', {}],
    ['deepfm', {}],
    ['dcnv2', { structure: 'stacked' }],
    ['masknet', { structure: 'serial' }],
    ['finalnet', { gating: true }],
    ['fibinet', { bilinear: 'each' }],
  ];
  test.each(cases)('a fresh %s %j says what it says without', async (name, given) => {
    const logits = async (of: typeof random, fusion: (typeof FUSIONS)[number]): Promise<Float64Array> => {
      const backbone = findBackbone(name);
      const own = backbone.options.parse({ ...optionsOf(name), ...given }) as Record<string, unknown>;
      const tables = createTables(of.schema, backbone, 4, createRng(0));
      const loud = createRng('loud');
      for (const { values } of tables) for (let k = 0; k < values.length; k += 1) values[k] = loud.normal() / 2;
      const parameters = backbone.init(of.schema, { ...own, embeddingDimension: 4, fusion }, createRng(0));
      const state: ModelState = { backbone, options: own, schema: of.schema, dimension: 4, parameters, tables };
      return createPredictor(state).logits(of);
    };
    const expected = await logits(without, 'field');
    for (const fusion of FUSIONS) (await logits(random, fusion)).forEach((logit, row) => expect(logit).toBeCloseTo(expected[row]!, 5));
    expect(new Set(expected).size).toBeGreaterThan(ROWS / 2);
  });
});

describe('what makes no sense is refused by code and by name:', () => {
  const fit =
    (backbone: string, options: FitOptions & Record<string, unknown>, train = random) =>
    () =>
      fitCtr({ backbone, train, options: { epochs: 1, ...options }, rng: createRng(0) });

  test.each([
    ['finalmlp', { hidden: [6], hidden2: [4], fusionHeads: 4 }, /fusionHeads is 4.*6/],
    ['finalmlp', { context2: ['nobody'] }, /context2 names 'nobody'.*user/s],
    ['finalmlp', { context1: ['z'], fusion: 'deep' }, /context1 names 'z'/], // no field, then
    ['sim', { searchField: 'label' }, /searchField is 'label'.*item, genres/s],
    ['sim', { searchField: 'nothing' }, /searchField is 'nothing'/],
    ['dcnv2', { structure: 'sideways' }, /structure/],
    ['deepfm', { fusion: 'late' }, /fusion/],
    ['bst', { heads: 0 }, /heads/],
  ])('%s %j', async (backbone, options, words) => {
    expect(await codeOf(fit(backbone, options as FitOptions))).toBe('CTR_OPTION');
    await expect(fit(backbone, options as FitOptions)()).rejects.toThrow(words);
  });

  test('pairs of one field', async () => {
    const schema = { ...random.schema, features: random.schema.features.filter(({ name }) => name === 'user') };
    expect(await codeOf(fit('fibinet', {}, { ...random, schema }))).toBe('CTR_SCHEMA');
  });

  test.each(['dien', 'bst', 'sasrec', 'sim'])('%s on events that have nothing in common with the row', async (name) => {
    const strip = (feature: (typeof random.schema.features)[number]) =>
      feature.kind === 'events' ? { ...feature, fields: feature.fields.filter((f) => f.target === undefined) } : feature;
    const schema = { ...random.schema, features: random.schema.features.map(strip) };
    expect(await codeOf(fit(name, {}, { ...random, schema }))).toMatch(/CTR_SCHEMA|CTR_OPTION/);
  });
});

describe('lists of past events', () => {
  const mask = tf.tensor2d([
    [1, 1, 1, 1, 1],
    [1, 1, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
  const rows: tf.Tensor3D = tf.mul(
    tf.tensor3d(
      Array.from({ length: 15 }, (_, k) => k + 1),
      [3, 5, 1],
    ),
    tf.expandDims(mask, 2),
  );

  test('of more events than count keep the newest, oldest first', async () => {
    const kept = newest({ rows, mask, maxLength: 3 });
    expect(await tf.squeeze(kept.rows, [2]).array()).toEqual([
      [3, 4, 5],
      [6, 7, 0],
      [0, 0, 0],
    ]);
    expect(await kept.mask.array()).toEqual([
      [1, 1, 1],
      [1, 1, 0],
      [0, 0, 0],
    ]);
    expect(newest({ rows, mask, maxLength: 5 }).rows).toBe(rows);
  });

  test('are counted from the newest', async () => {
    const age = (await recency(mask).array()).map((row, r) => row.slice(0, [5, 2, 0][r]));
    expect(age).toEqual([[4, 3, 2, 1, 0], [1, 0], []]);
  });

  test('share known values with the row, not unknown ones and not padding', async () => {
    const genres = tf.tensor3d([1, 2, 0, -1, 3, -1], [1, 3, 2], 'int32');
    expect(await sharedValues(genres, tf.tensor2d([[2, 0, -1]], [1, 3], 'int32')).array()).toEqual([[1, 0, 0]]);
    expect(await sharedValues(tf.tensor2d([[3, 0, -1]], [1, 3], 'int32'), tf.tensor1d([3], 'int32')).array()).toEqual([[1, 0, 0]]);
    expect(await sharedValues(tf.tensor2d([[3, 0, -1]], [1, 3], 'int32'), tf.tensor1d([0], 'int32')).array()).toEqual([[0, 0, 0]]);
  });
});
