import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auc,
  buildFeatures,
  chooseBackbone,
  fitCtr,
  logisticRegression,
  selectRows,
  type BackboneCandidate,
  type Features,
} from '../src/index.js';
import { tasteWorld } from './taste-world.js';
import { codeOf } from './world.js';

const { interactions, items, rows } = tasteWorld(createRng(2), { users: 80, items: 100, categories: 5, perUser: 16 });
const [knowing, blind] = [true, false].map((evidence) => buildFeatures({ interactions, items, fitRows: rows.train, evidence }));
/** The same under another name. */
const twin = { ...logisticRegression, name: 'twin' };
const options = { epochs: 6, learningRate: 0.02 };

function candidate(backbone: string, features: Features, validLabels = (labels: Uint8Array): Uint8Array => labels): BackboneCandidate {
  const valid = selectRows(features, rows.valid);
  return { backbone, train: selectRows(features, rows.train), valid: { ...valid, labels: validLabels(valid.labels) }, options };
}
const choose = (candidates: readonly BackboneCandidate[]) => chooseBackbone({ candidates, backbones: [twin], rng: createRng(1) });

beforeAll(() => useOnnx());

describe('the backbone', () => {
  test('that ranks validation rows best is chosen, and is the model that a fit alone gives', async () => {
    const { chosen, validAuc, model } = await choose([candidate('twin', blind!), candidate('logistic-regression', knowing!)]);
    expect(chosen).toBe(1);
    expect(model.backbone).toBe('logistic-regression');
    const alone = await fitCtr({ ...candidate('logistic-regression', knowing!), rng: createRng(1) });
    const valid = selectRows(knowing!, rows.valid);
    expect(await model.predict(valid)).toEqual(await alone.predict(valid));
    expect(validAuc[1]).toBe(auc(valid.labels, await alone.predict(valid)));
  });

  test('is chosen by the validation rows and nothing else: where their labels say the contrary, so does the choice', async () => {
    const contrary = (labels: Uint8Array): Uint8Array => labels.map((label) => 1 - label);
    const { chosen } = await choose([candidate('twin', blind!, contrary), candidate('logistic-regression', knowing!, contrary)]);
    expect(chosen).toBe(0);
  });

  test('is the first named where several rank alike', async () => {
    const { chosen, validAuc } = await choose([candidate('twin', knowing!), candidate('logistic-regression', knowing!)]);
    expect(validAuc[0]).toBe(validAuc[1]);
    expect(chosen).toBe(0);
  });

  test('cannot be chosen from none, nor from one that is not there', async () => {
    expect(await codeOf(() => choose([]))).toBe('CTR_BACKBONE');
    expect(await codeOf(() => choose([candidate('nobody', knowing!)]))).toBe('CTR_BACKBONE');
  });
});
