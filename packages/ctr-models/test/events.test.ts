import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  encodeFeatures,
  eventsFeatures,
  fitCtr,
  fitOptions,
  fitSchema,
  selectRows,
  type Backbone,
  type EventsColumn,
  type Features,
  type FeatureSchema,
} from '../src/index.js';
import { createTrainingStep } from '../src/fit/training-step.js';
import { createBuffers, createGatherer, featureBatch } from '../src/model/batch.js';
import { batchShape, createPredictor, type ModelState } from '../src/model/predictor.js';
import { createTables } from '../src/tables/embedding-table.js';
import { rawInputs } from './raw-inputs.js';
import { codeOf } from './world.js';

const DIMENSION = 3;
const MAX = 4;
// Ten events, of which a row sees some; more than MAX in the last row. Event 9 has no tags.
const LISTS = [[0, 1], [], [3], [5, 5, 9], [1, 2, 3, 4, 5, 6, 7, 8]];
const ITEMS = Int32Array.from([0, 1, 2, 3, 4, 0, 1, 5, -1, 2]); // -1: unknown
const TAGS = [[0, 1], [2], [], [0, 1, 2], [1]]; // of a tag position
const TAG_POSITION = Int32Array.from([0, 1, 2, 3, 4, 0, 1, 2, 3, -1]);

function offsetsOf(lists: readonly (readonly number[])[]): Uint32Array {
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((list, k) => (offsets[k + 1] = offsets[k]! + list.length));
  return offsets;
}

const items = ['a', 'b', 'c', 'd', 'e', 'f'];
const tags = { kind: 'list' as const, offsets: offsetsOf(TAGS), codes: Int32Array.from(TAGS.flat()), values: ['x', 'y', 'z'] };
const columns = {
  item: { kind: 'categorical', codes: Int32Array.from([0, 1, 2, 3, 4]), values: items },
  tags: { ...tags, index: Int32Array.from([3, 2, 1, 0, 4]) },
  pooled: {
    kind: 'list',
    offsets: offsetsOf(LISTS),
    codes: Int32Array.from(LISTS.flat(), (event) => ITEMS[event]!),
    values: items,
  },
  history: {
    kind: 'events',
    offsets: offsetsOf(LISTS),
    events: Uint32Array.from(LISTS.flat()),
    fields: {
      item: { kind: 'categorical', codes: ITEMS, values: items },
      tags: { ...tags, index: TAG_POSITION },
      label: { kind: 'categorical', codes: Int32Array.from(ITEMS, (_, k) => k % 2), values: ['0', '1'] },
    },
  },
} as const;
const schema = fitSchema({
  definitions: [
    { kind: 'categorical', name: 'item' },
    { kind: 'multi-valued', name: 'tags', maxLength: 2 },
    { kind: 'sequence', name: 'pooled', table: 'item', maxLength: MAX },
    {
      kind: 'events',
      name: 'history',
      maxLength: MAX,
      fields: [{ name: 'item', target: 'item' }, { name: 'tags', target: 'tags' }, { name: 'label' }],
    },
  ],
  columns,
  rows: [0, 1, 2, 3, 4],
});
const features = encodeFeatures({ schema, columns, labels: Uint8Array.from([1, 0, 1, 0, 1]) });

/** Reads the mean of each field over the events, the target and the length; or `pooled` in place of the items' mean. */
function probe(reads: 'events' | 'pooled'): Backbone {
  return {
    name: `probe-${reads}`,
    description: 'a backbone of a test',
    options: z.object({}),
    usesEmbeddings: true,
    usesSequences: true,
    init: (_schema, _options, rng) => {
      const numbers = Float32Array.from({ length: 3 * DIMENSION }, () => rng.normal());
      return { weights: { data: numbers, shape: [3 * DIMENSION, 1], dtype: 'float32' } };
    },
    logits({ weights }, { sequences, embeddings, firstOrder }) {
      const { rows, mask, target } = sequences['history']!;
      const [batch, length] = mask.shape;
      const flat = tf.reshape(rows, [batch * length, 3 * DIMENSION]); // there and back: both need sizes that are free when exported
      const doubled: tf.Tensor3D = tf.reshape(tf.mul(flat, 2), [batch, length, 3 * DIMENSION]);
      const sum = tf.div(tf.sum(doubled, 1), 2);
      const mean: tf.Tensor2D = tf.div(sum, tf.maximum(tf.sum(mask, 1, true), 1)); // [batch, 3 * DIMENSION]
      const [item, ...rest] = tf.split<tf.Tensor2D>(mean, 3, 1);
      const items = reads === 'events' ? item! : (tf.unstack(embeddings, 1)[2] as tf.Tensor2D);
      const score = tf.matMul(tf.concat2d([items, ...rest], 1), weights as tf.Tensor2D);
      const seen = tf.add(tf.sum(mask, 1, true), tf.mul(0, tf.sum(firstOrder, 1, true)));
      return tf.add(tf.add(score, tf.sum(tf.square(target!), 1, true)), tf.log1p(seen));
    },
  };
}

function stateOf(backbone: Backbone): ModelState {
  const tables = createTables(schema, backbone, DIMENSION, createRng('tables'));
  const rng = createRng('values');
  for (const { values } of tables) values.forEach((_, k) => (values[k] = rng.normal())); // row 0 and weights, too
  const parameters = backbone.init(schema, { embeddingDimension: DIMENSION }, createRng('parameters'));
  return { backbone, options: {}, schema, dimension: DIMENSION, parameters, tables };
}

beforeAll(() => useOnnx());

describe('an unpooled sequence', () => {
  const state = stateOf(probe('events'));
  const rows = Int32Array.from([4, 0, 3, 1, 2]);
  const shape = batchShape(state, features, 6); // one place more than there are rows
  const buffers = createBuffers(shape);
  const gatherer = createGatherer(features, state.tables, { events: true });
  gatherer.gather(Int32Array.from([2, 2, 2, 2, 2, 2]), 0, 6, buffers); // what is there of a batch before
  gatherer.gather(rows, 0, 5, buffers);

  function seen(): { rows: Float32Array; mask: Float32Array; target: Float32Array; length: number } {
    const tensors = {
      embeddings: tf.tensor(buffers.embeddings, [6, 3, DIMENSION]),
      tables: Object.fromEntries(
        Object.entries(buffers.events!.tables).map(([name, values]) => [name, tf.tensor(values, [values.length / DIMENSION, DIMENSION])]),
      ),
      ids: Object.fromEntries(
        Object.entries(buffers.events!.ids['history']!).map(([field, { at, bags }]) => {
          const { length, bags: sizes } = shape.events!.features['history']!;
          const of = bags === undefined ? {} : { bags: tf.tensor(bags, [sizes[field]!.sets, sizes[field]!.values], 'int32') };
          return [field, { at: tf.tensor(at, [6, length], 'int32'), ...of }];
        }),
      ),
    };
    const batch = featureBatch(
      schema,
      { embeddings: tensors.embeddings, firstOrder: tf.zeros([6, 3]), tables: tensors.tables },
      { dense: {}, events: { history: tensors.ids } },
    );
    const { rows, mask, target } = batch.sequences['history']!;
    const length = mask.shape[1];
    return {
      rows: rows.dataSync<'float32'>(),
      mask: mask.dataSync<'float32'>(),
      target: target!.dataSync<'float32'>(),
      length,
    };
  }

  test('has the rows of its fields event by event, the newest where there are too many, sets pooled, and zeros behind the last', () => {
    const found = seen();
    expect(found.length).toBe(MAX);
    const table = (name: string) => state.tables.find((t) => t.name === name)!;
    const row = (name: string, id: number): number[] => {
      const { values, width } = table(name);
      return [...values.subarray(id * width, id * width + DIMENSION)];
    };
    for (let b = 0; b < 6; b += 1) {
      const events = b < 5 ? LISTS[rows[b]!]!.slice(-MAX) : [];
      for (let l = 0; l < MAX; l += 1) {
        const event = events[l];
        expect(found.mask[b * MAX + l]).toBe(event === undefined ? 0 : 1);
        const set = event === undefined || TAG_POSITION[event]! < 0 ? [] : TAGS[TAG_POSITION[event]!]!.slice(0, 2); // the first two count
        const pooled = [0, 1, 2].map((d) => set.reduce((sum, tag) => sum + row('tags', tag + 1)[d]! / set.length, 0));
        const expected =
          event === undefined
            ? new Array<number>(9).fill(0)
            : [...row('item', ITEMS[event]! + 1), ...pooled, ...row('history_label', (event % 2) + 1)];
        expected.forEach((x, d) => expect(found.rows[(b * MAX + l) * 9 + d]).toBeCloseTo(x, 6));
      }
    }
  });

  test('brings the row itself along: its own embeddings of the fields with a target', () => {
    const { target } = seen();
    for (let b = 0; b < 5; b += 1) {
      const own = buffers.embeddings.subarray(b * 3 * DIMENSION, b * 3 * DIMENSION + 2 * DIMENSION); // item and tags
      expect(target.subarray(b * 2 * DIMENSION, (b + 1) * 2 * DIMENSION)).toEqual(own);
    }
  });

  test('pooled by the backbone gives the logits and moves the table rows that the pooled feature gives and moves', async () => {
    const moved = async (reads: 'events' | 'pooled'): Promise<{ logits: Float64Array; tables: Float32Array[] }> => {
      const model = stateOf(probe(reads));
      const predictor = createPredictor(model);
      const logits = await predictor.logits(features);
      await predictor.dispose();
      const options = { ...fitOptions.parse({ optimizer: 'sgd', learningRate: 1, l2: 0, embeddingL2: 0 }), batchSize: 4 };
      const step = await createTrainingStep(model, options, batchShape(model, features, 4), createRng(0));
      const gather = createGatherer(features, model.tables, { events: true });
      for (const [start, count] of [[0, 4] as const, [4, 1] as const]) await step.run(gather, features.labels, rows, start, count);
      await step.dispose();
      return { logits, tables: model.tables.map((t) => t.values) };
    };
    const [events, pooled] = [await moved('events'), await moved('pooled')];
    events.logits.forEach((logit, r) => expect(logit).toBeCloseTo(pooled.logits[r]!, 5));
    events.tables.forEach((values, k) => values.forEach((value, i) => expect(value).toBeCloseTo(pooled.tables[k]![i]!, 5)));
    expect(events.tables).not.toEqual(stateOf(probe('events')).tables.map((t) => t.values));
  });

  test('is not gathered for a backbone that does not ask, whose tables are those without it', () => {
    const silent = { ...probe('events'), usesSequences: false };
    const names = stateOf(silent).tables.map((t) => t.name);
    expect(names).toEqual(['item', 'tags']);
    expect(batchShape({ ...state, backbone: silent }, features, 4).events).toBeUndefined();
    const batch = featureBatch(schema, { embeddings: tf.zeros([1, 3, DIMENSION]), firstOrder: tf.zeros([1, 3]) }, { dense: {} });
    expect(batch.sequences).toEqual({});
  });
});

describe('an exported graph with sequences', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'ctr-models-events-'))));
  afterAll(() => rm(folder, { recursive: true }));

  test('takes histories of any length, none included, and gives the probabilities of predict', async () => {
    const model = await fitCtr({
      backbone: probe('events'),
      train: features,
      options: { epochs: 3, learningRate: 0.1, embeddingDimension: DIMENSION },
      rng: createRng(1),
    });
    const path = join(folder, 'events.onnx');
    await model.exportOnnx(path);
    const session = await InferenceSession.create(path);
    expect([...session.inputNames].sort()).toEqual(['history.item', 'history.label', 'history.tags', 'item', 'pooled', 'tags']);
    for (const [rows, length] of [
      [[0, 1, 2, 3, 4], 4],
      [[3, 1], 9],
      [[4], 5],
      [[1, 1, 1], 0],
    ] as const) {
      const selected = selectRows(features, rows);
      const expected = await model.predict(selected);
      const { probability } = await session.run(rawInputs(selected, true, { events: length }));
      expected.forEach((p, r) => expect((probability!.data as Float32Array)[r]).toBeCloseTo(p, 6));
    }
    await session.release();
  });
});

describe('what does not fit is refused by code', () => {
  const withFields = (fields: FeatureSchema['features'][number] & { kind: 'events' }): FeatureSchema => ({
    ...schema,
    features: [...schema.features.filter((f) => f.kind !== 'events'), fields],
  });
  const events = eventsFeatures(schema)[0]!;
  const fit = (of: Features, backbone = probe('events')) =>
    codeOf(() => fitCtr({ backbone, train: of, options: { epochs: 1 }, rng: createRng(0) }));

  test('schemas', async () => {
    const [item, tagsField, label] = events.fields as [(typeof events.fields)[0], (typeof events.fields)[0], (typeof events.fields)[0]];
    for (const fields of [
      [item, item],
      [tagsField],
      [label, item],
      [{ ...item, table: 'tags' }],
      [{ ...item, table: 'nowhere' }],
      [{ ...item, target: 'tags' }],
    ]) {
      expect(await fit({ ...features, schema: withFields({ ...events, fields }) })).toBe('CTR_SCHEMA');
    }
    const definitions = [{ kind: 'categorical', name: 'item' } as const];
    const past = (target: string) => ({ kind: 'events', name: 'history', fields: [{ name: 'item', target }] }) as const;
    for (const target of ['pooled', 'nobody']) {
      expect(await codeOf(() => fitSchema({ definitions: [...definitions, past(target)], columns, rows: [0] }))).toBe('CTR_SCHEMA');
    }
  });

  test('columns', async () => {
    const { history } = features.columns as { history: EventsColumn };
    const broken = (column: EventsColumn): Features => ({ ...features, columns: { ...features.columns, history: column } });
    expect(await fit(broken({ ...history, events: Uint32Array.from(history.events, () => 10) }))).toBe('CTR_SCHEMA');
    expect(await fit(broken({ ...history, fields: { item: history.fields['item']! } }))).toBe('CTR_SCHEMA');
    const far = { kind: 'ids' as const, ids: new Int32Array(10).fill(99) };
    expect(await fit(broken({ ...history, fields: { ...history.fields, item: far } }))).toBe('CTR_SCHEMA');
    const { history: raw, ...others } = columns;
    const lacking = { ...others, history: { ...raw, fields: { item: raw.fields.item, label: raw.fields.label } } };
    expect(await codeOf(() => encodeFeatures({ schema, columns: lacking, labels: features.labels }))).toBe('CTR_SCHEMA');
  });

  test('a backbone that asks for what the features lack, or asks without embeddings', async () => {
    const without = encodeFeatures({
      schema: { ...schema, features: schema.features.filter((f) => f.kind !== 'events') },
      columns,
      labels: features.labels,
    });
    expect(await fit(without)).toBe('CTR_SCHEMA');
    expect(await fit(features, { ...probe('events'), usesEmbeddings: false })).toBe('CTR_BACKBONE');
  });
});
