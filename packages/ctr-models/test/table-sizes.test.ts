import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildFeatures,
  encodeFeatures,
  findBackbone,
  fitCtr,
  fitSchema,
  loadCtrModel,
  selectRows,
  tableFeatures,
  valueHash,
  valueIds,
  type Features,
  type RawCategorical,
  type TableDefinition,
} from '../src/index.js';
import { exportOnnx } from '../src/export/export-onnx.js';
import { createTrainingStep } from '../src/fit/training-step.js';
import { createGatherer } from '../src/model/batch.js';
import { batchShape, createPredictor, type ModelState } from '../src/model/predictor.js';
import { createTables, tableLayouts, type EmbeddingTable } from '../src/tables/embedding-table.js';
import { difference, readFixture, UNIT_STEP } from './oracle.js';
import { rawInputs } from './raw-inputs.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld(createRng('sizes'), { users: 8, items: 20, perUser: 20 });
const train = rowsOf(interactions, 'train');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctr-models-sizes-'));
  await useOnnx();
});
afterAll(() => rm(folder, { recursive: true }));

function built(tables: Readonly<Record<string, TableDefinition>>): Features {
  return buildFeatures({ interactions, items, fitRows: train, events: true, tables });
}

/** `probability` of an exported graph. */
async function served(path: string, features: Features, sequences: boolean): Promise<Float32Array> {
  const session = await InferenceSession.create(path);
  const year = (row: number): number => items.year[interactions.item[row]!]!;
  const result = await session.run(rawInputs(features, sequences, { numbers: { item_year: year } }));
  await session.release();
  return result['probability']!.data as Float32Array;
}

describe('hashing', () => {
  test('is MurmurHash3, as scikit-learn has it', () => {
    for (const [text, expected] of readFixture<[string, number][]>('value-hash')) expect(valueHash(text), text).toBe(expected);
  });

  test('spreads consecutive numbers over buckets as random texts would be', () => {
    const counts = new Int32Array(1000);
    const idOf = valueIds({ name: 't', vocabulary: [], hash: { buckets: 1000, values: 0, shared: 0 } });
    for (let id = 0; id < 100_000; id += 1) counts[idOf(String(id)) - 1]! += 1;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    expect(chiSquare).toBeGreaterThan(999 - 5 * Math.sqrt(2 * 999));
    expect(chiSquare).toBeLessThan(999 + 5 * Math.sqrt(2 * 999));
  });

  test('keeps no vocabulary, counts the values that share a bucket, and gives unseen values a bucket and missing ones the unknown row', () => {
    const values = Array.from({ length: 40 }, (_, k) => `v${k}`);
    const column: RawCategorical = {
      kind: 'categorical',
      values: [...values, 'unseen'],
      codes: Int32Array.from([...values.keys(), 40, -1]),
    };
    const rows = [...values.keys()];
    const schema = fitSchema({
      definitions: [
        { kind: 'categorical', name: 'a' },
        { kind: 'frequency', name: 'often', of: 'a' },
      ],
      columns: { a: column },
      rows,
      tables: { a: { hash: 16 } },
    });
    const [table] = schema.tables;
    const buckets = values.map((value) => 1 + (valueHash(value) % 16));
    const shared = buckets.filter((id) => buckets.filter((other) => other === id).length > 1).length;
    expect(table).toEqual({ name: 'a', vocabulary: [], hash: { buckets: 16, values: 40, shared } });
    const { columns } = encodeFeatures({ schema, columns: { a: column }, labels: new Uint8Array(42) });
    expect(columns['a']).toEqual({ kind: 'ids', ids: Int32Array.from([...buckets, 1 + (valueHash('unseen') % 16), 0]) });
    const { counts } = schema.features[1] as unknown as { counts: number[] };
    expect(counts).toEqual(Array.from({ length: 17 }, (_, id) => buckets.filter((other) => other === id).length));
  });

  test('a model over hashed tables, fitted with row-wise Adagrad, is saved and loaded like any other', async () => {
    const features = built({ user: { hash: 5 }, item: { hash: 7 } });
    const model = await fitCtr({
      backbone: 'deepfm',
      train: selectRows(features, train),
      options: { epochs: 2, hidden: [4], embeddingDimension: 4, tableOptimizer: 'rowwise-adagrad', tableLearningRate: 0.05 },
      rng: createRng(1),
    });
    await model.save(join(folder, 'hashed'));
    const loaded = await loadCtrModel(join(folder, 'hashed'));
    expect(await loaded.predict(features)).toEqual(await model.predict(features));
  });
});

test('weights that are too large for an ONNX file stand beside it', async () => {
  const features = built({ user: { hash: 5 }, item: { hash: 7 } });
  const state = fresh(features, 'deepfm');
  const path = join(folder, 'large.onnx');
  await exportOnnx(state, path, 1);
  expect((await stat(`${path}.safetensors`)).size).toBeGreaterThan((await stat(path)).size / 100);
  const logits = await createPredictor(state).logits(features);
  const probabilities = logits.map((x) => 1 / (1 + Math.exp(-x)));
  expect(difference(await served(path, features, false), probabilities)).toBeLessThan(1e-5);
});

test('values of a table that are rarer than its own minimum share the unknown row', () => {
  const { tables } = built({ item: { minimumCount: 9 } }).schema;
  const all = built({}).schema.tables;
  const sizeOf = (of: typeof tables, name: string): number => of.find((t) => t.name === name)!.vocabulary.length;
  expect(sizeOf(tables, 'item')).toBeLessThan(sizeOf(all, 'item'));
  expect(sizeOf(tables, 'user')).toBe(sizeOf(all, 'user'));
});

test.each([
  [{ nothing: {} }, 'a table that no feature has'],
  [{ user: { hash: 0 } }, 'no buckets'],
  [{ user: { hash: 2 ** 31 } }, 'ids beyond int32'],
  [{ user: { dimension: 1.5 } }, 'half a component'],
  [{ user: { minimumCount: 0 } }, 'a count below 1'],
  [{ user: { hash: 4, minimumCount: 2 } }, 'both ways at once'],
  [{ user: { buckets: 4 } }, 'an unknown option'],
] as [Readonly<Record<string, TableDefinition>>, string][])('refuses %j: %s', async (tables) => {
  expect(await codeOf(() => built(tables))).toBe('CTR_OPTION');
});

function fresh(features: Features, name: string): ModelState {
  const backbone = findBackbone(name);
  const options = { ...backbone.options.parse({ hidden: [4] }), embeddingDimension: 4 };
  const { schema } = features;
  const tables = createTables(schema, backbone, 4, createRng(2));
  return { backbone, options, schema, dimension: 4, parameters: backbone.init(schema, options, createRng(1)), tables };
}

describe('tables of fewer components', () => {
  const small = built({ user: { dimension: 1 }, item_genres: { dimension: 2 }, item: { dimension: 3 } });
  const whole = built({});

  /** The same tables with zeros behind what they have. */
  function widened({ tables }: ModelState): EmbeddingTable[] {
    return tables.map(({ values, width, dimension, ...table }) => {
      const wide = 4 + table.features.length;
      const more = new Float32Array(table.rows * wide);
      for (let row = 0; row < table.rows; row += 1) {
        more.set(values.subarray(row * width, row * width + dimension), row * wide);
        more.set(values.subarray(row * width + dimension, (row + 1) * width), row * wide + 4);
      }
      return { ...table, dimension: 4, width: wide, values: more };
    });
  }

  test.each(['deepfm', 'din'])('give %s fields whose rest is zeros: forward and in a step, and DIN exported', async (name) => {
    const model = fresh(small, name);
    expect(model.tables.map((t) => t.dimension)).toContain(3);
    for (const { values } of model.tables) values.forEach((_, k) => (values[k] = Math.sin(k)));
    const wide: ModelState = { ...fresh(whole, name), parameters: structuredClone(model.parameters), tables: widened(model) };
    const [narrowLogits, wideLogits] = [await createPredictor(model).logits(small), await createPredictor(wide).logits(whole)];
    expect(narrowLogits).toEqual(wideLogits);

    if (name === 'din') {
      const path = join(folder, 'narrow.onnx'); // reads tables in both ways
      await exportOnnx(model, path);
      const probabilities = narrowLogits.map((x) => 1 / (1 + Math.exp(-x)));
      expect(difference(await served(path, small, true), probabilities)).toBeLessThan(1e-5);
    }

    const rows = Int32Array.from({ length: 16 }, (_, k) => 5 * k);
    const sequences = name === 'din';
    for (const [state, features] of [[model, small] as const, [wide, whole] as const]) {
      const step = await createTrainingStep(state, UNIT_STEP, batchShape(state, features, 16), createRng(0));
      await step.run(createGatherer(features, state.tables, { events: sequences }), features.labels, rows, 0, 16);
      await step.dispose();
    }
    model.tables.forEach(({ name: table, rows: ids, width, dimension, features, values }, k) => {
      const other = wide.tables[k]!;
      for (let id = 0; id < ids; id += 1) {
        const own = [...values.subarray(id * width, (id + 1) * width)];
        const row = other.values.subarray(id * other.width, (id + 1) * other.width);
        expect(own, `${table} ${id}`).toEqual([...row.subarray(0, dimension), ...row.subarray(4)]);
      }
      expect(features).toEqual(other.features);
    });
  });

  test('by size: six times the fourth root of the number of values, and never more than a field has', () => {
    const sizes = (dimension: number): Record<string, number> =>
      Object.fromEntries(tableLayouts(whole.schema, { embeddingSizes: 'by-size' }, dimension).map((t) => [t.name, t.dimension]));
    for (const { name, vocabulary } of whole.schema.tables) {
      if (!tableFeatures(whole.schema).some((f) => f.table === name)) continue;
      const own = Math.ceil(6 * vocabulary.length ** 0.25);
      expect(sizes(1000)[name]).toBe(own);
      expect(sizes(10)[name]).toBe(Math.min(10, own));
    }
  });
});
