import { createRng } from '@expctr/core';
import { auc, type Features, type NumberColumn } from '@expctr/ctr-models';
import { countedExplanation, defaultExplanationTemplate, PREDICTORS, rowsOf, type PreparedDataset } from '@expctr/data';
import { createHashedEncoder } from '@expctr/encoder';
import { beforeAll, describe, expect, test } from 'vitest';
import { createFeatureStore, ctrSlice, partOfCtrSlice, type FeatureOptions } from '../src/pipeline/feature-store.js';
import type { Pipeline } from '../src/pipeline/pipeline.js';
import { fitOnHistory, type Materials } from '../src/pipeline/predictors.js';
import { countedVectors, logOddsVectors } from '../src/pipeline/vectors.js';
import { plantedSet } from './planted-set.js';

const DIMENSION = 16;
const basis = { backbone: 'logistic-regression', embeddingL2: 1e-5, evidence: true };
const encoder = createHashedEncoder({ dimension: DIMENSION });
let prepared: PreparedDataset;
let pipeline: Pipeline;

beforeAll(async () => {
  const set = await plantedSet({ users: 60, items: 60, seed: 4 }, DIMENSION, ['ctr.epochs=6', 'ctr.learningRate=0.02']);
  ({ prepared, pipeline } = set);
}, 60_000);

/** What everybody knows is nothing, but for what a test says. */
function materials(known: Partial<Materials> = {}): Materials {
  const nothing = { read: (row: number) => `text ${row % 7}`, probability: (row: number) => 0.4 + 0.01 * (row % 5) };
  const icl = new Map(Array.from(prepared.interactions.interactionId, (row) => [row, 0.4 + 0.01 * (row % 5)]));
  const history = { basis, open: () => Promise.reject(new Error('not asked for')) };
  return { history, final: nothing, postHoc: nothing, icl, ...known };
}

describe('a predictor with vectors', () => {
  const augmented = PREDICTORS.filter((name) => name.endsWith('-aug'));

  test.each(augmented)('%s knows all that id-history knows, and its vector', async (name) => {
    const fit = ctrSlice(prepared.interactions);
    const [own, alone] = [
      await fitOnHistory(pipeline, name, materials(), fit),
      await fitOnHistory(pipeline, 'id-history', materials(), fit),
    ];
    const { features } = own.model.schema;
    expect(alone.model.schema.features.map((feature) => feature.name)).toEqual(
      expect.arrayContaining(['evidence_genres', 'evidence_genres_liked', 'evidence_genres_disliked', 'evidence_rate']),
    );
    expect(features.filter(({ kind }) => kind !== 'dense')).toEqual(alone.model.schema.features);
    const scalar = name === 'icl-aug' || name === 'verdict-aug';
    const dimension = scalar ? 1 : name === 'prompt-text-aug' ? 3 * DIMENSION : DIMENSION;
    const vector = features.find(({ kind }) => kind === 'dense');
    expect(vector).toMatchObject({ name: 'z', dimension });
    expect(vector).toHaveProperty('scale', expect.any(Number));
    expect((vector as { scale: number }).scale).toBeGreaterThan(0); // no constant
    expect(own.model.backbone).toBe(basis.backbone);
  });

  test('icl-aug is given what icl says, and verdict-aug what the reader says of the explanation', async () => {
    const { interactions } = prepared;
    const test = rowsOf(interactions, 'test');
    const labels = Uint8Array.from(test, (row) => interactions.label[row]!);
    const told = (row: number): number => (interactions.label[row] === 1 ? 0.7 : 0.3);
    const icl = new Map(Array.from(interactions.interactionId, (row) => [row, told(row)]));
    const areaOf = async (name: 'icl-aug' | 'verdict-aug', known: Partial<Materials>): Promise<number> =>
      auc(labels, await (await fitOnHistory(pipeline, name, materials(known), ctrSlice(interactions))).predictRows(test));
    const final = { read: () => '', probability: told };
    expect(await areaOf('icl-aug', { icl })).toBeGreaterThan(0.95);
    expect(await areaOf('verdict-aug', { final })).toBeGreaterThan(0.95);
    expect(await areaOf('icl-aug', { final })).toBeLessThan(0.9);
    expect(await areaOf('verdict-aug', { icl })).toBeLessThan(0.9);
  }, 30_000);

  test('template-aug is given what the template says of the counts', async () => {
    const rows = rowsOf(prepared.interactions, 'test').slice(0, 20);
    const { prompts } = pipeline.data;
    const texts = Array.from(rows, (row) => countedExplanation(defaultExplanationTemplate, prompts.history(row), prompts.item(row)));
    expect(texts.some((text) => text !== '')).toBe(true);
    expect((await countedVectors(pipeline, rows)).data).toEqual(await encoder.encode(texts));
  });

  test('a probability enters as its log-odds, and certainty is not infinite', async () => {
    const { data, dimension } = await logOddsVectors([0, 1, 2, 3], (row) => [0, 0.2, 0.5, 1][row]!);
    expect(dimension).toBe(1);
    expect([...data].map((value) => Number(value.toFixed(3)))).toEqual([-13.816, -1.386, 0, 13.816]);
  });
});

test('what is known of a row does not change with the labels that came with it or later', () => {
  const { interactions, items } = prepared;
  const backbones = pipeline.run.registry.backbones;
  const fit = ctrSlice(interactions);
  const din = { backbone: 'din', evidence: true };
  const before = createFeatureStore(interactions, items, backbones)(fit, din);
  const rows = [...rowsOf(interactions, 'test')].filter((_, at) => at % 20 === 0);
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) {
    const later = (other: number): boolean =>
      interactions.user[other] === interactions.user[row] && interactions.timestamp[other]! >= interactions.timestamp[row]!;
    const label = interactions.label.map((value, other) => (later(other) ? 1 - value : value));
    const after = createFeatureStore({ ...interactions, label }, items, backbones)(fit, din);
    for (const feature of before.schema.features) {
      const [was, is] = [before.columns[feature.name]!, after.columns[feature.name]!];
      if (feature.name.startsWith('evidence'))
        expect((is as NumberColumn).values[row], feature.name).toBe((was as NumberColumn).values[row]);
      if (was.kind !== 'events' || is.kind !== 'events') continue;
      const eventsOf = (column: typeof was): Uint32Array => column.events.slice(column.offsets[row], column.offsets[row + 1]);
      expect(eventsOf(is)).toEqual(eventsOf(was));
      for (const event of eventsOf(was)) {
        expect(later(event)).toBe(false);
        expect(interactions.user[event]).toBe(interactions.user[row]);
      }
    }
  }
});

test('parts of the CTR slice are of the CTR slice alone, each within the next, and follow from the stream', () => {
  const { interactions } = prepared;
  const slice = new Set(rowsOf(interactions, 'train', 'ctr'));
  const parts = [20, 60, 150].map((size) => partOfCtrSlice(interactions, size, createRng(3)).rows);
  parts.forEach((rows, at) => {
    expect(rows).toHaveLength([20, 60, 150][at]!);
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows.every((row) => slice.has(row))).toBe(true);
    const larger = new Set(parts[at + 1] ?? slice);
    expect(rows.every((row) => larger.has(row))).toBe(true);
  });
  expect(partOfCtrSlice(interactions, 60, createRng(3)).rows).toEqual(parts[1]);
  expect(partOfCtrSlice(interactions, 60, createRng(4)).rows).not.toEqual(parts[1]);
});

test('tables are made as ctr.tables says, and one that is not there is refused with those that are', () => {
  const { interactions, items } = prepared;
  const { backbones } = pipeline.run.registry;
  const features = (tables: FeatureOptions['tables']): Features =>
    createFeatureStore(interactions, items, backbones, { tables: tables! })(ctrSlice(interactions), { backbone: 'din', evidence: false });
  const table = features({ user: { hash: 8 } }).schema.tables.find(({ name }) => name === 'user');
  expect(table).toMatchObject({ vocabulary: [], hash: { buckets: 8 } });
  expect(() => features({ users: { hash: 8 } })).toThrow(
    expect.objectContaining({ code: 'CTR_OPTION', expected: expect.stringContaining('user, item') as unknown }),
  );
});
