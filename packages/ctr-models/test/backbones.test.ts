import { createRng } from '@expctr/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { BACKBONES, type Fusion } from '../src/index.js';
import { createTrainingStep } from '../src/fit/training-step.js';
import { createGatherer } from '../src/model/batch.js';
import { batchShape, createPredictor, type ModelState } from '../src/model/predictor.js';
import { historyFeatures, type HistoryFixture } from './history-fixture.js';
import { difference, gradientsBeside, LONG_STEP, oracleModel, readFixture, type Host } from './oracle.js';

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
