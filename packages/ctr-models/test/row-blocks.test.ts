import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { beforeAll, expect, test } from 'vitest';
import { buildFeatures, findBackbone, selectRows } from '../src/index.js';
import { createTrainingStep } from '../src/fit/training-step.js';
import { createGatherer } from '../src/model/batch.js';
import { parameterLeaves } from '../src/model/parameters.js';
import { batchShape, type ModelState } from '../src/model/predictor.js';
import { createTables } from '../src/tables/embedding-table.js';
import { difference, UNIT_STEP } from './oracle.js';
import { smallWorld } from './world.js';

beforeAll(() => useOnnx());

const { interactions, items } = smallWorld(createRng('blocks'), { users: 6, items: 20, perUser: 20 });
const z = { data: Float32Array.from({ length: 2 * interactions.length }, (_, k) => Math.sin(k)), dimension: 2 };
const features = selectRows(
  buildFeatures({
    interactions,
    items,
    fitRows: rowsOf(interactions, 'train'),
    events: true,
    vectors: { z: { ...z, interactionIds: interactions.interactionId } },
  }),
  Int32Array.from({ length: 23 }, (_, k) => 3 * k),
);

/** All numbers of a fresh model after one step on 22 of 23 places of a batch, in blocks of at most `blockRows`. */
async function afterOneStep(
  name: string,
  own: Readonly<Record<string, unknown>>,
  blockRows: number,
): Promise<[number, ...ArrayLike<number>[]]> {
  const backbone = findBackbone(name);
  const options = { ...backbone.options.parse(own), embeddingDimension: 4 };
  const { schema } = features;
  const model: ModelState = {
    backbone,
    options,
    schema,
    dimension: 4,
    parameters: backbone.init(schema, options, createRng(1)),
    tables: createTables(schema, backbone, 4, createRng(2)),
  };
  const events = backbone.usesSequences === true;
  const step = await createTrainingStep(model, UNIT_STEP, batchShape(model, features, 23), createRng(3), blockRows);
  const rows = Int32Array.from({ length: 22 }, (_, k) => 22 - k);
  const loss = await step.run(createGatherer(features, model.tables, { events }), features.labels, rows, 0, 22);
  await step.dispose();
  const parameters = parameterLeaves(model.parameters).map(({ tensor }) => tensor.data);
  return [loss, ...parameters, ...model.tables.map(({ values }) => values)];
}

test.each([
  ['deepfm', { hidden: [8, 4], dropout: 0.3 }],
  ['din', { hidden: [8] }],
])('a step of %s in blocks of rows is that of the whole batch', async (name, own) => {
  const [loss, ...whole] = await afterOneStep(name, own, 23);
  const [lossInBlocks, ...blocks] = await afterOneStep(name, own, 5);
  expect(lossInBlocks).toBeCloseTo(loss, 4);
  expect(blocks.length).toBe(whole.length);
  blocks.forEach((found, k) => expect(difference(found, whole[k]!)).toBeLessThan(1e-5));
});
