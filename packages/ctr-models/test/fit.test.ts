import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auc,
  buildFeatures,
  fitCtr,
  logLoss,
  selectRows,
  withDense,
  type CtrModel,
  type DenseVectors,
  type FitOptions,
  type InteractionVectors,
} from '../src/index.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld();
const rows = { train: rowsOf(interactions, 'train', 'ctr'), valid: rowsOf(interactions, 'valid'), test: rowsOf(interactions, 'test') };
const DIMENSION = 48;

beforeAll(() => useOnnx());

/** Vectors for every row: a topic of the item, noise, and `signal(row)` along one direction. */
function vectors(signal: (row: number) => number): InteractionVectors {
  const rng = createRng('vectors');
  const direction = Float32Array.from({ length: DIMENSION }, () => rng.normal() / Math.sqrt(DIMENSION));
  const topics = Array.from({ length: 4 }, () => Float32Array.from({ length: DIMENSION }, () => rng.normal() / Math.sqrt(DIMENSION)));
  const data = new Float32Array(interactions.length * DIMENSION);
  for (let row = 0, at = 0; row < interactions.length; row += 1) {
    const topic = topics[interactions.item[row]! % 4]!;
    for (let k = 0; k < DIMENSION; k += 1, at += 1) data[at] = topic[k]! + 0.1 * rng.normal() + signal(row) * direction[k]!;
  }
  return { data, dimension: DIMENSION, interactionIds: interactions.interactionId };
}

function shuffledWithinSplits({ data, dimension, interactionIds }: InteractionVectors): InteractionVectors {
  const shuffled = data.slice();
  for (const split of Object.values(rows)) {
    const order = createRng('shuffle').shuffle(split.slice());
    split.forEach((row, r) => shuffled.set(data.subarray(order[r]! * dimension, (order[r]! + 1) * dimension), row * dimension));
  }
  return { data: shuffled, dimension, interactionIds };
}

interface Fitted {
  model: CtrModel;
  labels: Uint8Array;
  probabilities: Float64Array;
  auc: number;
}

async function fitted(
  vectors: Record<string, DenseVectors> = {},
  options: FitOptions & Readonly<Record<string, unknown>> = {},
  backbone = 'deepfm',
): Promise<Fitted> {
  const features = buildFeatures({ interactions, items, fitRows: rows.train, vectors });
  const model = await fitCtr({
    backbone,
    train: selectRows(features, rows.train),
    valid: selectRows(features, rows.valid),
    options: { patience: 3, ...(backbone === 'deepfm' ? { hidden: [32, 16] } : {}), ...options }, // small: a test
    rng: createRng(1),
  });
  const held = selectRows(features, rows.test);
  const probabilities = await model.predict(held);
  return { model, labels: held.labels, probabilities, auc: auc(held.labels, probabilities) };
}

/** 95 % interval of the difference in AUC of two predictors over resampled users. */
function bootstrap(labels: Uint8Array, a: Float64Array, b: Float64Array): [number, number] {
  const rng = createRng('bootstrap');
  const groups: number[][] = [];
  rows.test.forEach((row, r) => (groups[interactions.user[row]!] ??= []).push(r));
  const differences = Float64Array.from({ length: 300 }, () => {
    const sample = groups.flatMap(() => groups[rng.int(groups.length)]!);
    const of = (scores: Float64Array): number =>
      auc(
        sample.map((r) => labels[r]!),
        sample.map((r) => scores[r]!),
      );
    return of(a) - of(b);
  }).sort();
  return [differences[7]!, differences[292]!];
}

let idOnly: Promise<Fitted> | undefined;
const fittedOnIds = (): Promise<Fitted> => (idOnly ??= fitted());

describe('planted vectors', () => {
  test('z that states the label is used on held-out rows; the same z shuffled is not', async () => {
    const stating = vectors((row) => 2 * interactions.label[row]! - 1);
    const [aug, shuffled] = [await fitted({ z: stating }), await fitted({ z: shuffledWithinSplits(stating) })];
    expect(aug.auc).toBeGreaterThan(0.95);
    expect(shuffled.auc).toBeLessThan(0.85);
  });

  test('a constant z changes nothing', async () => {
    const only = await fittedOnIds();
    const constant = await fitted({
      z: {
        data: new Float32Array(interactions.length * DIMENSION).fill(0.3),
        dimension: DIMENSION,
        interactionIds: interactions.interactionId,
      },
    });
    const [low, high] = bootstrap(only.labels, constant.probabilities, only.probabilities);
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThanOrEqual(0);
    // More than the interval: the parameters that both have start alike and move alike.
    expect(Math.max(...only.probabilities.map((p, r) => Math.abs(p - constant.probabilities[r]!)))).toBeLessThan(1e-3);
  });

  test('a vector of nothing but noise costs little', async () => {
    const rng = createRng('noise');
    const data = Float32Array.from({ length: interactions.length * DIMENSION }, () => rng.normal());
    const [only, noise] = [
      await fittedOnIds(),
      await fitted({ z: { data, dimension: DIMENSION, interactionIds: interactions.interactionId } }),
    ];
    expect(bootstrap(only.labels, noise.probabilities, only.probabilities)[1]).toBeGreaterThan(0);
  });

  test('a verdict of one number is used as far as it goes', async () => {
    const rng = createRng('verdict');
    const data = Float32Array.from(interactions.label, (y) => y + rng.normal());
    const [only, verdict] = [await fittedOnIds(), await fitted({ z: { data, dimension: 1, interactionIds: interactions.interactionId } })];
    expect(verdict.auc).toBeGreaterThan(only.auc + 0.03);
  });

  test('holding z at its mean gives what the model says without it, and z moves it in the direction of the label', async () => {
    const { model } = await fitted({ z: vectors((row) => 2 * interactions.label[row]! - 1) });
    const features = buildFeatures({
      interactions,
      items,
      rows: rows.test,
      schema: model.schema,
      vectors: { z: vectors((row) => 2 * interactions.label[row]! - 1) },
    });
    const [full, neutral] = [await model.predictLogits(features), await model.predictLogits(features, { atMean: ['z'] })];
    full.forEach((logit, r) => expect(Math.sign(logit - neutral[r]!)).toBe(features.labels[r] === 1 ? 1 : -1));
    const { mean } = model.schema.features.find((f) => f.kind === 'dense')!;
    const atMean = withDense(
      features,
      'z',
      Float32Array.from({ length: features.length * DIMENSION }, (_, k) => mean[k % DIMENSION]!),
    );
    (await model.predictLogits(atMean)).forEach((logit, r) => expect(logit).toBeCloseTo(neutral[r]!, 4));
    const none = { data: new Float32Array(0), dimension: DIMENSION, interactionIds: [] };
    const without = buildFeatures({ interactions, items, rows: rows.test, schema: model.schema, vectors: { z: none } });
    expect(await model.predictLogits(without, { atMean: ['z'] })).toEqual(neutral);
    expect(await codeOf(() => model.predict(without))).toBe('CTR_DENSE_ROWS');
    expect(await codeOf(() => model.predict(features, { atMean: ['user'] }))).toBe('CTR_SCHEMA');
  });
});

describe('fitting', () => {
  test.each(['logistic-regression', 'fm', 'deepfm'])('%s learns tastes from ids', async (backbone) => {
    const { auc: area } = await fitted({}, { learningRate: 0.01 }, backbone);
    expect(area).toBeGreaterThan(0.6);
  });

  test('the same seed gives the same predictions, another seed others', async () => {
    const features = buildFeatures({ interactions, items, fitRows: rows.train });
    const fit = async (seed: number): Promise<Float64Array> => {
      const model = await fitCtr({
        backbone: 'deepfm',
        train: selectRows(features, rows.train),
        options: { epochs: 2, dropout: 0.2 },
        rng: createRng(seed),
      });
      return model.predict(selectRows(features, rows.test));
    };
    const [a, b, c] = [await fit(5), await fit(5), await fit(6)];
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  test('early stopping returns the epoch with the best validation log-loss', async () => {
    const { model } = await fitted({}, { learningRate: 0.02, patience: 2 });
    const losses = model.epochs.map((e) => e.metrics['valid/logloss']!);
    expect(model.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1);
    expect(model.epochs.length).toBe(model.bestEpoch + 2);
    const features = buildFeatures({ interactions, items, rows: rows.valid, schema: model.schema });
    expect(logLoss(features.labels, await model.predict(features))).toBe(Math.min(...losses));
  });
});

describe('what cannot be fitted is refused by code', () => {
  const features = buildFeatures({ interactions, items, fitRows: rows.train });
  const train = selectRows(features, rows.train);
  const valid = selectRows(features, rows.valid);
  const fit = (change: Partial<Parameters<typeof fitCtr>[0]>) => () =>
    fitCtr({ backbone: 'fm', train, valid, rng: createRng(0), ...change });

  test('one class', async () => {
    expect(await codeOf(fit({ train: { ...train, labels: train.labels.map(() => 1) } }))).toBe('CTR_ONE_CLASS');
    expect(await codeOf(fit({ valid: { ...valid, labels: valid.labels.map(() => 0) } }))).toBe('CTR_ONE_CLASS');
  });
  test('NaN in a dense vector', async () => {
    const z = vectors(() => 0);
    const withZ = buildFeatures({ interactions, items, fitRows: rows.train, vectors: { z } });
    const broken = selectRows(withZ, rows.train);
    z.data[rows.train[3]! * DIMENSION + 5] = NaN;
    expect(await codeOf(fit({ train: broken, valid: selectRows(withZ, rows.valid) }))).toBe('CTR_NOT_FINITE');
  });
  test('rows without a dense vector', async () => {
    const z = { data: new Float32Array(rows.train.length), dimension: 1, interactionIds: rows.train };
    const withZ = buildFeatures({ interactions, items, fitRows: rows.train, vectors: { z } });
    expect(await codeOf(fit({ train: selectRows(withZ, rows.train), valid: selectRows(withZ, rows.valid) }))).toBe('CTR_DENSE_ROWS');
  });
  test('no rows, unknown backbones, bad options, features of another schema', async () => {
    expect(await codeOf(fit({ train: selectRows(features, []) }))).toBe('CTR_EMPTY');
    expect(await codeOf(fit({ backbone: 'deep-fm' }))).toBe('CTR_BACKBONE');
    expect(await codeOf(fit({ options: { learningRate: -1 } }))).toBe('CTR_OPTION');
    expect(await codeOf(fit({ options: { epochs: 0 } }))).toBe('CTR_OPTION');
    expect(await codeOf(fit({ options: { dropout: 1 }, backbone: 'deepfm' }))).toBe('CTR_OPTION');
    expect(await codeOf(fit({ options: { hidden: [8, 0] }, backbone: 'deepfm' }))).toBe('CTR_OPTION');
    expect(await codeOf(fit({ options: { hidden: [8] }, backbone: 'fm' }))).toBe('CTR_OPTION'); // no option of this one
    expect(await codeOf(fit({ options: { epoch: 3 } }))).toBe('CTR_OPTION');
    const other = buildFeatures({ interactions, items, fitRows: rows.train.subarray(0, 50) });
    expect(await codeOf(fit({ valid: selectRows(other, rows.valid) }))).toBe('CTR_SCHEMA');
    const model = await fit({ options: { epochs: 1 } })();
    expect(await codeOf(() => model.predict(other))).toBe('CTR_SCHEMA');
  });
  test('a loss that runs away', async () => {
    expect(await codeOf(fit({ options: { optimizer: 'sgd', learningRate: 1e6 } }))).toBe('CTR_NOT_FINITE');
  });
});
