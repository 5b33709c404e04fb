import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { auc, buildFeatures, din, fitCtr, logLoss, selectRows, type Features } from '../src/index.js';
import { createTrainingStep } from '../src/fit/training-step.js';
import { createGatherer } from '../src/model/batch.js';
import { parameterLeaves } from '../src/model/parameters.js';
import { batchShape, createPredictor, type ModelState } from '../src/model/predictor.js';
import { historyFeatures, type HistoryFixture } from './history-fixture.js';
import { difference, gradientsBeside, oracleModel, readFixture, UNIT_STEP, type Host } from './oracle.js';
import { tasteWorld } from './taste-world.js';
import { codeOf, smallWorld } from './world.js';

interface Fixture extends HistoryFixture {
  hidden: number[];
  attentionUnits: number;
  numeric: Host;
  z: Host;
  parameters: Record<string, Host>;
  logits: number[];
  loss: number;
  gradients: Record<string, Host>;
}
const fixture = readFixture<Fixture>('din');
const features = historyFeatures(fixture, fixture.numeric, fixture.z);
const { schema } = features;

function fixtureModel(): ModelState {
  const { hidden, attentionUnits, parameters, embeddingDimension } = fixture;
  return oracleModel('din', { hidden, attentionUnits, dropout: 0 }, schema, parameters, embeddingDimension);
}

/** A step over rows of `of` in a batch of 8, with at least `length` places for events; returns the mean loss before it. */
async function step(model: ModelState, of: Features, rows: readonly number[], length = 0): Promise<number> {
  const shape = batchShape(model, of, 8);
  const history = shape.events!.features['history']!;
  const events = { ...shape.events!, features: { history: { ...history, length: Math.max(length, history.length) } } };
  const compiled = await createTrainingStep(model, UNIT_STEP, { ...shape, events }, createRng(0));
  const gatherer = createGatherer(of, model.tables, { events: true });
  const loss = await compiled.run(gatherer, of.labels, Int32Array.from(rows), 0, rows.length);
  await compiled.dispose();
  return loss / rows.length;
}

describe.each(['onnx', 'cpu'])('DIN on the %s backend of tfjs has', (backend) => {
  beforeAll(() => (backend === 'onnx' ? useOnnx() : tf.setBackend(backend)));

  test('the logits of torch, which weighs event by event without padding; a history may be empty', async () => {
    expect(difference(await createPredictor(fixtureModel()).logits(features), fixture.logits)).toBeLessThan(1e-5);
  });

  test('its loss and its gradients of all parameters and table rows', async () => {
    const model = fixtureModel();
    const loss = await step(model, features, [5, 3, 1, 0, 2, 4]);
    expect(Math.abs(loss / fixture.loss - 1)).toBeLessThan(1e-5);
    const compared = [...gradientsBeside(model, fixture.parameters, fixture.gradients)];
    expect(compared.length).toBe(Object.keys(fixture.gradients).length);
    for (const [name, found, expected] of compared) expect(difference(found, expected), name).toBeLessThan(1e-5);
  });
});

describe('DIN', () => {
  beforeAll(() => useOnnx());

  test('computes the same, and learns the same, with more padding', async () => {
    const [narrow, wide] = [fixtureModel(), fixtureModel()];
    const rows = [0, 1, 2, 3, 5]; // those whose events fit into four places
    const losses = [await step(narrow, features, rows), await step(wide, features, rows, 9)];
    expect(losses[1]).toBeCloseTo(losses[0]!, 6);
    parameterLeaves(narrow.parameters).forEach(({ tensor, path }, k) => {
      expect(difference(parameterLeaves(wide.parameters)[k]!.tensor.data, tensor.data), path).toBeLessThan(1e-6);
    });
    narrow.tables.forEach(({ values }, k) => expect(difference(wide.tables[k]!.values, values)).toBeLessThan(1e-6));
  });

  test('permutes with its batch', async () => {
    const predictor = createPredictor(fixtureModel());
    const logits = await predictor.logits(features);
    const order = [4, 1, 5, 0, 3, 2];
    const permuted = await predictor.logits(selectRows(features, order));
    order.forEach((row, r) => expect(permuted[r]).toBeCloseTo(logits[row]!, 5));
    for (const row of order) expect((await predictor.logits(selectRows(features, [row])))[0]).toBeCloseTo(logits[row]!, 5);
  });

  test('overfits 64 rows', async () => {
    const { interactions, items } = smallWorld();
    const built = buildFeatures({ interactions, items, fitRows: interactions.interactionId, events: true });
    const rows = selectRows(built, createRng('rows').shuffle(interactions.interactionId.slice()).subarray(0, 64));
    const model = await fitCtr({
      backbone: din,
      train: rows,
      options: { epochs: 40, learningRate: 0.01, hidden: [32], dropout: 0.1 },
      rng: createRng(1),
    });
    expect(logLoss(rows.labels, await model.predict(rows))).toBeLessThan(0.02);
  });

  test("knows a user's taste from labels of past items of the target's kind, where pooled ids do not", async () => {
    const { interactions, items, rows } = tasteWorld(createRng(1), { users: 400, items: 500, categories: 5, perUser: 16 });
    const built = buildFeatures({ interactions, items, fitRows: rows.train, events: true });
    const aucOf = async (backbone: string): Promise<number> => {
      const model = await fitCtr({
        backbone,
        train: selectRows(built, rows.train),
        valid: selectRows(built, rows.valid),
        options: { learningRate: 0.005, patience: 2, embeddingDimension: 8, hidden: [32, 16] },
        rng: createRng(1),
      });
      const held = selectRows(built, rows.test);
      return auc(held.labels, await model.predict(held));
    };
    const [attending, pooling] = [await aucOf('din'), await aucOf('deepfm')];
    expect(pooling).toBeLessThan(0.75);
    expect(attending).toBeGreaterThan(0.88);
  });

  test('refuses events that have nothing in common with the row', async () => {
    const history = schema.features.find((f) => f.kind === 'events')!;
    const alone = { ...history, fields: history.fields.filter((f) => f.target === undefined) };
    const changed = { ...schema, features: [...schema.features.filter((f) => f.kind !== 'events'), alone] };
    expect(await codeOf(() => fitCtr({ backbone: 'din', train: { ...features, schema: changed }, rng: createRng(0) }))).toBe('CTR_SCHEMA');
  });
});
