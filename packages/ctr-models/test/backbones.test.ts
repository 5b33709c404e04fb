import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  backboneNames,
  BACKBONES,
  findBackbone,
  fitCtr,
  loadCtrModel,
  logLoss,
  selectRows,
  type Features,
  type Fusion,
} from '../src/index.js';
import { createTrainingStep } from '../src/fit/training-step.js';
import { createGatherer } from '../src/model/batch.js';
import { batchShape, createPredictor, type ModelState } from '../src/model/predictor.js';
import { createTables } from '../src/tables/embedding-table.js';
import { historyFeatures, type HistoryFixture } from './history-fixture.js';
import { difference, gradientsBeside, LONG_STEP, oracleModel, readFixture, type Host } from './oracle.js';
import { features as random, many, optionsOf, ROWS, without } from './random-rows.js';
import { rawInputs } from './raw-inputs.js';

interface Case {
  backbone: string;
  fusion: Fusion;
  options: Record<string, unknown>;
  logits: number[];
  loss: number;
  gradients: Record<string, Host>;
}
const fixture = readFixture<HistoryFixture & { cases: Case[] }>('backbones');

/** The parameters of the oracle, `formula` there. */
function formula(path: string, count: number): number[] {
  const start = [...path].reduce((sum, letter, at) => sum + (at + 1) * letter.charCodeAt(0), 0) % 1000;
  const [middle, spread] = path.endsWith('bias') ? [0.4, 0.2] : [0, 0.6];
  return Array.from({ length: count }, (_, k) => middle + spread * Math.sin(start + 1.7 * k + 0.13 * k * k));
}

function hosts(shapes: Readonly<Record<string, readonly number[]>>): Record<string, Host> {
  return Object.fromEntries(
    Object.entries(shapes).map(([path, shape]) => [
      path,
      {
        shape: [...shape],
        data: formula(
          path,
          shape.reduce((size, d) => size * d, 1),
        ),
      },
    ]),
  );
}

const rows = fixture.labels.length;
const features = historyFeatures(fixture, hosts({ n: [rows] })['n']!, hosts({ z: [rows, 3] })['z']!);
/** Weights that a backbone without a first-order term leaves alone. */
const firstOrder = { 'weight.user': [5, 1], 'weight.item': [7, 1], 'weight.genres': [4, 1], 'weight.liked': [7, 1] };

describe('beside torch, which computes row by row and event by event', () => {
  beforeAll(() => tf.setBackend('cpu')); // eagerly, as compiling costs more than computing here

  test('stands every backbone', () => {
    const elsewhere = ['logistic-regression', 'fm', 'din']; // torch.test.ts and din.test.ts
    expect(new Set([...elsewhere, ...fixture.cases.map((of) => of.backbone)])).toEqual(new Set(Object.keys(BACKBONES)));
  });

  test.each(fixture.cases.map((of) => [of.backbone, JSON.stringify({ fusion: of.fusion, ...of.options }), of] as const))(
    '%s %s: logits, loss and all gradients',
    async (name, _, { options, fusion, ...expected }) => {
      const shapes = Object.fromEntries(Object.entries(expected.gradients).map(([path, { shape }]) => [path, shape]));
      const parameters = hosts({ ...firstOrder, ...shapes });
      const zeros = Object.entries(firstOrder).map(
        ([path, shape]) => [path, { shape, data: new Array<number>(shape[0]!).fill(0) }] as const,
      );
      const gradients: Record<string, Host> = { ...Object.fromEntries(zeros), ...expected.gradients };
      const model: ModelState = oracleModel(name, options, features.schema, parameters, fixture.embeddingDimension, fusion);

      expect(difference(await createPredictor(model).logits(features), expected.logits)).toBeLessThan(1e-5);
      const step = await createTrainingStep(model, LONG_STEP, batchShape(model, features, rows), createRng(0));
      const gatherer = createGatherer(features, model.tables, { events: model.backbone.usesSequences === true });
      const loss = (await step.run(gatherer, features.labels, Int32Array.from([5, 3, 1, 0, 2, 4]), 0, rows)) / rows;
      expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-5);
      const compared = [...gradientsBeside(model, parameters, gradients, LONG_STEP)];
      for (const [path, found, wanted] of compared) expect(distance(found, wanted), path).toBeLessThan(1e-5);
      const seen = new Set(compared.map(([path]) => path));
      expect(Object.keys(expected.gradients).filter((path) => !seen.has(path) && path !== 'embedding.label')).toEqual([]);
    },
  );
});

/** {@link difference} for gradients that may be zero throughout. */
function distance(found: readonly number[], wanted: readonly number[]): number {
  return wanted.some((value) => value !== 0) ? difference(found, wanted) : Math.max(...found.map(Math.abs));
}

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'ctr-models-backbones-'))));
afterAll(() => rm(folder, { recursive: true }));

describe.each(backboneNames())('%s', (name) => {
  beforeAll(() => useOnnx());

  test('learns 64 rows by heart, predicts each row alone, comes back from its folder, and is served as it predicts', async () => {
    const options = { epochs: 25, batchSize: 64, learningRate: 0.06, embeddingDimension: 4, l2: 0, embeddingL2: 0, denseL2: 0 };
    const model = await fitCtr({ backbone: name, train: random, options: { ...options, ...optionsOf(name) }, rng: createRng(1) });
    const probabilities = await model.predict(random);
    expect(logLoss(random.labels, probabilities)).toBeLessThan(0.2);

    const order = createRng('order').shuffle(many(ROWS, (row) => row));
    const permuted = await model.predict(selectRows(random, order));
    order.forEach((row, at) => expect(permuted[at]).toBeCloseTo(probabilities[row]!, 5));

    await model.save(join(folder, name));
    const loaded = await loadCtrModel(join(folder, name));
    expect([loaded.backbone, loaded.backboneOptions]).toEqual([name, model.backboneOptions]);
    expect(await loaded.predict(random)).toEqual(probabilities);

    const session = await InferenceSession.create(join(folder, name, 'model.onnx'));
    const column = random.columns;
    const served = async (rows: readonly number[], events: number): Promise<Float32Array> => {
      const values = {
        numbers: { n: (at: number) => (column['n'] as { values: Float32Array }).values[rows[at]!]! },
        vectors: { z: (at: number) => (column['z'] as { data: Float32Array }).data.subarray(3 * rows[at]!, 3 * rows[at]! + 3) },
        events,
      };
      const { probability } = await session.run(rawInputs(selectRows(random, rows), findBackbone(name).usesSequences ?? false, values));
      return probability!.data as Float32Array;
    };
    for (const [rows, events] of [[order, 4] as const, [order.slice(0, 3), 7] as const]) {
      (await served(rows, events)).forEach((p, at) => expect(Math.abs(p - probabilities[rows[at]!]!)).toBeLessThan(1e-5));
    }
    await session.release();
  });

  test('starts with a dense vector as it starts without', async () => {
    const state = (of: Features): ModelState => {
      const backbone = findBackbone(name);
      const own = backbone.options.parse(optionsOf(name)) as Record<string, unknown>; // which leaves out those of a fit
      const dimension = backbone.usesEmbeddings ? 4 : 0;
      const tables = createTables(of.schema, backbone, dimension, createRng(0));
      const loud = createRng('loud');
      for (const { values } of tables) for (let k = 0; k < values.length; k += 1) values[k] = loud.normal() / 2; // so that all is heard
      const parameters = backbone.init(of.schema, { ...own, embeddingDimension: dimension }, createRng(0));
      return { backbone, options: own, schema: of.schema, dimension, parameters, tables };
    };
    const [with_, without_] = [await createPredictor(state(random)).logits(random), await createPredictor(state(without)).logits(without)];
    with_.forEach((logit, row) => expect(logit).toBeCloseTo(without_[row]!, 5));
    expect(new Set(with_).size).toBeGreaterThan(ROWS / 2);
  });
});

test('every backbone is found by its own name', () => {
  for (const [name, backbone] of Object.entries(BACKBONES)) expect(backbone.name).toBe(name);
});
