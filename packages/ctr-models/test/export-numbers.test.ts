import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeFeatures, fitCtr, fitSchema, type FeatureDefinition, type Features, type FitOptions, type RawColumn } from '../src/index.js';
import { rawInputs } from './raw-inputs.js';
import { codeOf } from './world.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctr-models-numbers-'));
  await useOnnx();
});
afterAll(() => rm(folder, { recursive: true }));

const ROWS = 96;
const labels = Uint8Array.from({ length: ROWS }, (_, r) => r % 2);
const user: RawColumn = {
  kind: 'categorical',
  codes: Int32Array.from({ length: ROWS }, (_, r) => (r * 5) % 12),
  values: Array.from({ length: 12 }, (_, u) => `u${u}`),
};

const rows = labels.map((_, r) => r);

/** The number `x` and a user, encoded with a schema fitted on all rows. */
function featuresOf(values: Float32Array | Float64Array, missing: 'mean' | 'error' = 'mean'): Features {
  const columns: Record<string, RawColumn> = { user, x: { kind: 'numeric', values } };
  const definitions: FeatureDefinition[] = [
    { kind: 'categorical', name: 'user' },
    { kind: 'numeric', name: 'x', missing },
  ];
  return encodeFeatures({ schema: fitSchema({ definitions, columns, rows }), columns, labels });
}

/** The probabilities of predict, and those of the exported graph. */
async function bothWays(
  name: string,
  features: Features,
  x: (row: number) => number = () => 0,
  options: Partial<FitOptions> = { epochs: 20, learningRate: 0.05 },
): Promise<[predicted: number[], served: number[]]> {
  const model = await fitCtr({ backbone: 'logistic-regression', train: features, options, rng: createRng(1) });
  const path = join(folder, `${name}.onnx`);
  await model.exportOnnx(path);
  const session = await InferenceSession.create(path);
  const { probability } = await session.run(rawInputs(features, false, { numbers: { x } }));
  await session.release();
  return [[...(await model.predict(features))], [...(probability!.data as Float32Array)]];
}

/** Largest difference between predict and the exported graph over all rows, and how far probabilities lie apart. */
async function compare(...of: Parameters<typeof bothWays>): Promise<[worst: number, spread: number]> {
  const [predicted, served] = await bothWays(...of);
  return [Math.max(...predicted.map((p, r) => Math.abs(p - served[r]!))), Math.max(...predicted) - Math.min(...predicted)];
}

describe('an exported graph standardizes in float32 as predict does in float64', () => {
  const day = 1_760_000_000;
  test.each<[string, Float32Array | Float64Array]>([
    ['half an ulp of float32 between the mean and its rounding', Float32Array.from(labels, (label) => 33_554_432 + 4 * label)],
    ['negative, missing ones among them', Float32Array.from(labels, (label, r) => (r % 7 === 0 ? NaN : -50_331_650 + 12 * label))],
    ['seconds of a day', Float64Array.from(labels, (label, r) => day + 43_200 * label + 431 * r)],
    ['prices', Float64Array.from(labels, (label, r) => 9.99 + 20 * label + (r % 10) / 100)],
    ['one missing in a column of small numbers', Float32Array.from(labels, (label, r) => (r === 3 ? NaN : 1e-20 * (label + 1)))],
  ])('%s', async (name, values) => {
    const features = featuresOf(values);
    const [worst, spread] = await compare(name.replaceAll(' ', '-'), features, (row) => values[row]!);
    expect(worst).toBeLessThan(1e-6);
    expect(spread).toBeGreaterThan(0.3);
  });

  test('lengths of lists that hardly differ', async () => {
    const counts = [...labels].map((label) => 990 + label);
    const offsets = new Uint32Array(ROWS + 1);
    counts.forEach((count, row) => (offsets[row + 1] = offsets[row]! + count));
    const list: RawColumn = { kind: 'list', offsets, codes: new Int32Array(offsets[ROWS]!), values: ['a'] };
    const definitions: FeatureDefinition[] = [
      { kind: 'categorical', name: 'user' },
      { kind: 'multi-valued', name: 'x', maxLength: 2000 },
      { kind: 'length', name: 'n', of: 'x' },
    ];
    const columns = { user, x: list };
    const schema = fitSchema({ definitions, columns, rows });
    const [worst, spread] = await compare('lengths', encodeFeatures({ schema, columns, labels }));
    expect(worst).toBeLessThan(1e-6);
    expect(spread).toBeGreaterThan(0.3);
  });
});

test('small probabilities come out of an exported graph as exact beside their own size as others', async () => {
  const values = Float32Array.from(labels, (label, r) => (label === 1 ? 9 + (r % 5) : -r));
  const options = { epochs: 800, learningRate: 0.3, batchSize: ROWS, l2: 0 };
  const [predicted, served] = await bothWays('small', featuresOf(values), (row) => values[row]!, options);
  expect(Math.min(...predicted)).toBeLessThan(1e-8);
  predicted.forEach((p, r) => expect(Math.abs(served[r]! / p - 1)).toBeLessThan(1e-5));
});

describe('numbers that a served model could not read', () => {
  const fit = (value: (row: number) => number) => () =>
    featuresOf(
      Float64Array.from(labels, (_, r) => value(r)),
      'error',
    );

  test('are refused where float32 makes one of them all, naming the feature', async () => {
    const milliseconds = fit((row) => 1.76e12 + 10 * row);
    expect(await codeOf(milliseconds)).toBe('CTR_PRECISION');
    expect(milliseconds).toThrow(/'x'/);
    expect(await codeOf(fit((row) => row * 1e-60))).toBe('CTR_PRECISION');
    expect(await codeOf(fit((row) => (row === 0 ? 1e39 : row)))).toBe('CTR_NOT_FINITE');
  });

  test('but sums that differ by the rounding of float64 are a constant', () => {
    const features = fit((row) => (row % 2 === 0 ? 0.1 + 0.2 : 0.3))();
    expect(features.schema.features[1]).toMatchObject({ standardDeviation: 0 });
  });
});
