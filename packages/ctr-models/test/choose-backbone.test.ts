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
    const { choice, model } = await choose([candidate('twin', blind!), candidate('logistic-regression', knowing!)]);
    expect(choice.backbone).toBe('logistic-regression');
    expect(choice.candidates.map(({ backbone }) => backbone)).toEqual(['twin', 'logistic-regression']);
    const alone = await fitCtr({ ...candidate('logistic-regression', knowing!), rng: createRng(1) });
    const valid = selectRows(knowing!, rows.valid);
    expect(await model.predict(valid)).toEqual(await alone.predict(valid));
    expect(choice.candidates[1]!.validAuc).toBe(auc(valid.labels, await alone.predict(valid)));
  });

  test('is chosen by the validation rows and nothing else: where their labels say the contrary, so does the choice', async () => {
    const contrary = (labels: Uint8Array): Uint8Array => labels.map((label) => 1 - label);
    const { choice } = await choose([candidate('twin', blind!, contrary), candidate('logistic-regression', knowing!, contrary)]);
    expect(choice.backbone).toBe('twin');
  });

  test('is the first named where several rank alike', async () => {
    const { choice } = await choose([candidate('twin', knowing!), candidate('logistic-regression', knowing!)]);
    expect(choice.candidates[0]!.validAuc).toBe(choice.candidates[1]!.validAuc);
    expect(choice.backbone).toBe('twin');
  });

  test('cannot be chosen from none, nor from one that is not there', async () => {
    expect(await codeOf(() => choose([]))).toBe('CTR_BACKBONE');
    expect(await codeOf(() => choose([candidate('nobody', knowing!)]))).toBe('CTR_BACKBONE');
  });
});
