import { createRng } from '@expctr/core';
import { namedLeaves, useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BackboneName, type FeatureColumn, type Features, type FeatureSchema, type FitOptions } from '../src/index.js';
import { createTrainingStep, type TrainingStep } from '../src/fit/training-step.js';
import { createGatherer } from '../src/model/batch.js';
import { batchShape, createPredictor, type ModelState } from '../src/model/predictor.js';
import { createRowGradients } from '../src/tables/row-gradients.js';
import { createRowOptimizer, type TableOptimizerName } from '../src/tables/row-optimizer.js';
import { difference, gradientsBeside, oracleModel, readFixture, resolved, tablesOf, UNIT_STEP, type Host } from './oracle.js';

interface Fixture {
  embeddingDimension: number;
  hidden: number[];
  rows: Record<string, number>;
  fields: [string, string, 'one' | 'mean' | 'sum'][];
  ids: Record<string, number[] | number[][]>;
  labels: number[];
  numeric: Host;
  z: Host;
  parameters: Record<string, Host>;
  logits: number[];
  fmLogits: number[];
  linearLogits: number[];
  loss: number;
  gradients: Record<string, Host>;
  rowOptimizers: { table: Host; steps: { ids: number[]; gradients: Host }[]; after: Record<TableOptimizerName, Host> };
}
const fixture = readFixture<Fixture>('deepfm');

const schema: FeatureSchema = {
  version: 'features/1',
  tables: tablesOf(fixture.rows),
  features: [
    ...fixture.fields.map(([name, table, pooling]) =>
      pooling === 'one'
        ? ({ kind: 'categorical', name, table } as const)
        : pooling === 'sum'
          ? ({ kind: 'multi-valued', name, table, pooling, maxLength: 9 } as const)
          : ({ kind: 'sequence', name, table, maxLength: 9 } as const),
    ),
    { kind: 'numeric', name: 'n0', missing: 'error', mean: 0, standardDeviation: 1 },
    { kind: 'numeric', name: 'n1', missing: 'error', mean: 0, standardDeviation: 1 },
    { kind: 'dense', name: 'z', dimension: 3, mean: [0, 0, 0], scale: 1 },
  ],
};

function fixtureFeatures(): Features {
  const column = (name: string): number => Number(name.slice(1));
  const columns = schema.features.map((feature): readonly [string, FeatureColumn] => {
    if (feature.kind === 'dense') return [feature.name, { kind: 'dense', data: Float32Array.from(fixture.z.data), dimension: 3 }] as const;
    if (feature.kind === 'numeric') {
      const values = Float32Array.from(fixture.labels, (_, row) => fixture.numeric.data[2 * row + column(feature.name)]!);
      return [feature.name, { kind: 'numbers', values }] as const;
    }
    const ids = fixture.ids[feature.name]!;
    if (feature.kind === 'categorical') return [feature.name, { kind: 'ids', ids: Int32Array.from(ids as number[]) }] as const;
    const offsets = new Uint32Array(ids.length + 1);
    ids.forEach((list, row) => (offsets[row + 1] = offsets[row]! + (list as number[]).length));
    return [feature.name, { kind: 'id-lists', offsets, ids: Int32Array.from(ids.flat()) }] as const;
  });
  return { schema, length: fixture.labels.length, columns: Object.fromEntries(columns), labels: Uint8Array.from(fixture.labels) };
}

function fixtureModel(name: BackboneName): ModelState {
  const options = name === 'deepfm' ? { hidden: fixture.hidden, dropout: 0 } : {};
  return oracleModel(name, options, schema, fixture.parameters, fixture.embeddingDimension);
}

describe.each(['onnx', 'cpu'])('on the %s backend of tfjs', (backend) => {
  beforeAll(() => (backend === 'onnx' ? useOnnx() : tf.setBackend(backend)));

  test.each([
    ['logistic-regression', fixture.linearLogits],
    ['fm', fixture.fmLogits],
    ['deepfm', fixture.logits],
  ] as const)('%s has the logits of torch, the FM term summed over pairs there', async (name, expected) => {
    const logits = await createPredictor(fixtureModel(name)).logits(fixtureFeatures());
    expect(difference(logits, expected)).toBeLessThan(1e-5);
  });

  describe('a step of gradient descent of DeepFM has', () => {
    const model = fixtureModel('deepfm');
    const features = fixtureFeatures();
    let loss = 0;
    beforeAll(async () => {
      const step = await createTrainingStep(model, UNIT_STEP, batchShape(model, features, 8), createRng(0)); // two rows of padding
      const gatherer = createGatherer(features, model.tables, { events: false });
      loss = (await step.run(gatherer, features.labels, Int32Array.from([5, 3, 1, 0, 2, 4]), 0, 6)) / 6;
      await step.dispose();
    });

    test('the loss of torch', () => expect(Math.abs(loss / fixture.loss - 1)).toBeLessThan(1e-5));

    test('its gradients of all parameters and table rows, pooled features included', () => {
      const compared = [...gradientsBeside(model, fixture.parameters, fixture.gradients)];
      expect(compared.length).toBe(Object.keys(fixture.gradients).length);
      for (const [name, found, expected] of compared) expect(difference(found, expected), name).toBeLessThan(1e-5);
    });
  });
});

test('what lies in the padding of a batch moves nothing', async () => {
  const features = fixtureFeatures();
  const rows = Int32Array.from([0, 1, 2, 3, 4, 5]);
  const after = async (last: number): Promise<ModelState> => {
    const model = fixtureModel('deepfm');
    const options = resolved({ optimizer: 'sgd', learningRate: 0.1 });
    const run = async (size: number, start: number, count: number): Promise<void> => {
      const step = steps.get(size) ?? (await createTrainingStep(model, options, batchShape(model, features, size), createRng(0)));
      steps.set(size, step);
      await step.run(createGatherer(features, model.tables, { events: false }), features.labels, rows, start, count);
    };
    const steps = new Map<number, TrainingStep>();
    await run(4, 0, 4);
    await run(last, 4, 2); // 4: the rows of the first batch are still in the buffers behind these two
    return model;
  };
  const [padded, exact] = [await after(4), await after(2)];
  expect(padded.tables).toEqual(exact.tables.map((t) => ({ ...t, values: expect.anything() as unknown })));
  padded.tables.forEach((t, k) => expect(difference(t.values, exact.tables[k]!.values)).toBeLessThan(1e-6));
  namedLeaves(padded.parameters).forEach(({ leaf }, k) => {
    const other = namedLeaves(exact.parameters)[k]!.leaf as HostTensor;
    expect(difference((leaf as HostTensor).data, other.data)).toBeLessThan(1e-6);
  });
});

test('the rows of tables that a batch does not hold stay as they were', async () => {
  const features = fixtureFeatures();
  const model = fixtureModel('deepfm');
  const step = await createTrainingStep(model, resolved({ embeddingL2: 0.1 }), batchShape(model, features, 2), createRng(0));
  const before = model.tables.map((t) => t.values.slice());
  await step.run(createGatherer(features, model.tables, { events: false }), features.labels, Int32Array.from([0, 1]), 0, 2);
  // Rows 0 and 1 of the fixture: users 1 and 2, items 1, 2, 3 and 5, genres 1, 2 and 3.
  const moved = { user: [1, 2], item: [1, 2, 3, 5], genre: [1, 2, 3] };
  model.tables.forEach(({ name, rows, width, values }, k) => {
    const changed = Array.from({ length: rows }, (_, id) => id).filter((id) => {
      return values.subarray(id * width, (id + 1) * width).some((value, d) => value !== before[k]![id * width + d]);
    });
    expect(changed).toEqual(moved[name as keyof typeof moved]);
  });
});

test.each(['adam', 'adagrad', 'sgd', 'rowwise-adagrad'] as const)(
  '%s on the rows of a batch moves them as torch does with sparse gradients, and no others',
  (name) => {
    const { table, steps, after } = fixture.rowOptimizers;
    const [rows, width] = table.shape as [number, number];
    // The last column is a first-order weight, which takes its gradient apart.
    const values = Float32Array.from(table.data);
    const embeddingTable = { name: 't', rows, dimension: width - 1, features: ['f'], width, values };
    const optimizer = createRowOptimizer({ name, learningRate: 0.01 });
    const gradients = createRowGradients(embeddingTable, optimizer);
    steps.forEach(({ ids, gradients: given }, t) => {
      const at = { field: 0, fields: 1, rows: Int32Array.from(ids, (_, b) => b), start: 0, count: ids.length };
      const lookup = { table: 0, use: 0, ids: Int32Array.from(ids), mean: true, maxLength: 1, newest: false };
      const split = {
        embeddings: Float32Array.from(given.data.filter((_, k) => k % width < width - 1)),
        firstOrder: Float32Array.from(given.data.filter((_, k) => k % width === width - 1)),
      };
      // Half of each gradient twice: repeated rows are summed before the one update.
      const half = { embeddings: split.embeddings.map((g) => g / 2), firstOrder: split.firstOrder.map((g) => g / 2) };
      gradients.scatter(half, lookup, at);
      gradients.scatter(half, lookup, at);
      optimizer.begin(t + 1);
      gradients.apply(0);
    });
    expect(difference(values, after[name].data)).toBeLessThan(1e-6);
    for (const untouched of [3, 4]) {
      expect(values.slice(untouched * width, (untouched + 1) * width)).toEqual(
        Float32Array.from(table.data).slice(untouched * width, (untouched + 1) * width),
      );
    }
  },
);

test('penalties pull matrices, dense weights and the rows of the batch towards zero, each by its own strength, and leave biases alone', async () => {
  const features = fixtureFeatures();
  const after = async (penalties: Partial<FitOptions>): Promise<ModelState> => {
    const model = fixtureModel('deepfm');
    const options = resolved({ optimizer: 'sgd', learningRate: 1, l2: 0, denseL2: 0, embeddingL2: 0, ...penalties });
    const step = await createTrainingStep(model, options, batchShape(model, features, 6), createRng(0));
    await step.run(createGatherer(features, model.tables, { events: false }), features.labels, Int32Array.from([0, 1, 2, 3, 4, 5]), 0, 6);
    return model;
  };
  const [free, held, start] = [await after({}), await after({ l2: 0.1, denseL2: 0.2, embeddingL2: 0.3 }), fixtureModel('deepfm')];
  namedLeaves(start.parameters).forEach(({ path, leaf }, k) => {
    const strength = path.endsWith('bias') ? 0 : path.includes('dense') ? 0.2 : 0.1;
    const [a, b] = [free, held].map((model) => (namedLeaves(model.parameters)[k]!.leaf as HostTensor).data) as [Float32Array, Float32Array];
    (leaf as HostTensor).data.forEach((before, i) => expect(b[i]! - a[i]!, path).toBeCloseTo(-strength * before, 5));
  });
  start.tables.forEach(({ values }, k) => {
    // A row of the batch moves by its penalty, another not at all.
    values.forEach((before, i) => {
      const moved = held.tables[k]!.values[i]! - free.tables[k]!.values[i]!;
      if (moved !== 0) expect(moved).toBeCloseTo(-0.3 * before, 5);
    });
    expect(held.tables[k]!.values).not.toEqual(free.tables[k]!.values);
  });
});
