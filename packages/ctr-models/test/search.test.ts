import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { useOnnx } from '@expctr/tfjs-backend-onnx';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildFeatures, fitSeeds, searchCtr, searchSpace, selectRows, type SearchCtrParameters, type SearchTrial } from '../src/index.js';
import { inParallel } from '../src/fit/pool.js';
import { rungsOf } from '../src/search/rungs.js';
import { drawOptions } from '../src/search/space.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld(createRng('search'), { users: 15, items: 20, perUser: 20 });
const features = buildFeatures({ interactions, items, fitRows: rowsOf(interactions, 'train') });
const train = selectRows(features, rowsOf(interactions, 'train'));
const valid = selectRows(features, rowsOf(interactions, 'valid'));

beforeAll(() => useOnnx());

const scratch = (): Promise<string> => mkdtemp(join(tmpdir(), 'expctr-search-'));

describe('searchCtr', () => {
  const space = { learningRate: { from: 1e-4, to: 0.1, scale: 'log' as const }, batchSize: { values: [64, 128] } };
  const search = async (change: Partial<SearchCtrParameters> = {}) =>
    searchCtr({
      backbone: 'logistic-regression',
      train,
      valid,
      space,
      trials: 6,
      firstEpochs: 1,
      epochs: 4,
      reduction: 2,
      rng: createRng(1),
      folder: await scratch(),
      ...change,
    });

  test('drops the worse trials, lets the others go on, and returns the model of the best', async () => {
    const folder = await scratch();
    const seen: SearchTrial[] = [];
    const { trials, model } = await search({ folder, onTrial: (trial) => seen.push(trial) });
    expect(rungsOf(6, 1, 4, 2)).toEqual([
      { trials: 6, epochs: 1 },
      { trials: 3, epochs: 2 },
      { trials: 1, epochs: 4 },
    ]);
    expect(seen.map(({ rung, epochs }) => `${rung}:${epochs}`).join(' ')).toBe('1:1 1:1 1:1 1:1 1:1 1:1 2:2 2:2 2:2 3:4');
    expect(trials.map(({ state }) => state).join(' ')).toBe('finished dropped dropped dropped dropped dropped');
    // those that went on were the best of their rung
    for (const rung of [1, 2]) {
      const there = seen.filter((trial) => trial.rung === rung).sort((a, b) => a.metrics!['valid/logloss']! - b.metrics!['valid/logloss']!);
      const next = seen.filter((trial) => trial.rung === rung + 1).map(({ trial }) => trial);
      expect(there.slice(0, next.length).map(({ trial }) => trial)).toEqual(expect.arrayContaining(next));
    }
    expect(model.options).toMatchObject({ ...trials[0]!.options, epochs: 4 });
    expect(model.epochs[trials[0]!.bestEpoch - 1]!.metrics).toEqual(trials[0]!.metrics);
    expect((JSON.parse(await readFile(join(folder, 'search.json'), 'utf8')) as { trials: unknown }).trials).toEqual(trials);
  });

  test('interrupted, and one trial at a time, it finds the same', async () => {
    const whole = await search();
    const folder = await scratch();
    let left = 7;
    const stop = (): void => {
      if ((left -= 1) === 0) throw new Error('killed');
    };
    await expect(search({ folder, parallel: 1, onTrial: stop })).rejects.toThrow('killed');
    const again = await search({ folder, parallel: 1 });
    expect(again.trials).toEqual(whole.trials);
    expect(await again.model.predictLogits(valid)).toEqual(await whole.model.predictLogits(valid));
    expect(await codeOf(() => search({ folder, rng: createRng(2) }))).toBe('CTR_CHECKPOINT');
  });

  test('a loss that runs away is a trial that failed; where all do, that is an error', async () => {
    const wild = { optimizer: { values: ['sgd'] }, batchSize: { values: [16] }, learningRate: { values: [0.01, 1e6] } };
    const { trials } = await search({ backbone: 'fm', space: wild, trials: 5, epochs: 1 });
    expect(trials.map(({ state }) => state)).toContain('failed');
    expect(trials[0]).toMatchObject({ state: 'finished', options: { learningRate: 0.01 } });
    expect(await codeOf(() => search({ backbone: 'fm', space: { ...wild, learningRate: { values: [1e6] } }, trials: 2, epochs: 1 }))).toBe(
      'CTR_NOT_FINITE',
    );
  });

  test('options of one backbone are left out for another', async () => {
    const { trials } = await search({
      space: { backbone: { values: ['logistic-regression', 'deepfm'] }, hidden: { values: [[4], [8]] } },
      trials: 4,
      epochs: 1,
      rng: createRng(3),
      metric: 'valid/auc',
    });
    expect(new Set(trials.map(({ options }) => options['backbone']))).toEqual(new Set(['logistic-regression', 'deepfm']));
    expect(trials[0]!.metrics!['valid/auc']).toBe(Math.max(...trials.map(({ metrics }) => metrics!['valid/auc']!)));
  });

  test.each([
    ['an option that is not there', { space: { learningrate: { values: [1] } } }],
    ['a value out of range', { space: { learningRate: { values: [-1] } } }],
    ['epochs in the space', { space: { epochs: { values: [1] } } }],
    ['a range the wrong way round', { space: { learningRate: { from: 1, to: 0.1 } } }],
    ['a log scale from 0', { space: { l2: { from: 0, to: 1, scale: 'log' as const } } }],
    ['no values', { space: { learningRate: { values: [] } } }],
    ['no trials', { trials: 0 }],
    ['a rung beyond the last', { firstEpochs: 5 }],
    ['a reduction that reduces nothing', { reduction: 1 }],
    ['another metric', { metric: 'auc' as 'valid/auc' }],
    ['nothing at a time', { parallel: 0 }],
  ])('refuses %s', async (_, change) => expect(await codeOf(() => search(change))).toBe('CTR_OPTION'));
});

test('draws lie within their bounds, integers are integers, and one more option changes no other', () => {
  const bounds = fc
    .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 50 }))
    .map(([from, more]) => ({ from, to: from + more }));
  fc.assert(
    fc.property(bounds, fc.constantFrom('linear' as const, 'log' as const), fc.boolean(), fc.integer(), (range, scale, integer, seed) => {
      const space = searchSpace.parse({ x: { ...range, scale, integer } });
      const { x } = drawOptions(space, createRng(seed)) as { x: number };
      expect(x).toBeGreaterThanOrEqual(range.from);
      expect(x).toBeLessThanOrEqual(range.to);
      if (integer) expect(Number.isInteger(x)).toBe(true);
      expect(drawOptions({ y: { values: [1, 2] }, ...space }, createRng(seed))['x']).toBe(x);
    }),
  );
  const space = searchSpace.parse({ x: { from: 1, to: 3, integer: true } });
  const counts = [0, 0, 0];
  for (let seed = 0; seed < 600; seed += 1) counts[(drawOptions(space, createRng(seed))['x'] as number) - 1]! += 1;
  for (const count of counts) expect(count).toBeGreaterThan(150);
});

test('inParallel keeps the order, runs no more at a time than allowed, and begins nothing after an error', async () => {
  let [now, most] = [0, 0];
  const run = async (wait: number): Promise<number> => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setTimeout(resolve, wait));
    now -= 1;
    return wait;
  };
  expect(await inParallel([5, 1, 3, 1], 2, run)).toEqual([5, 1, 3, 1]);
  expect(most).toBe(2);
  const begun: number[] = [];
  const fails = async (at: number): Promise<void> => {
    begun.push(at);
    await Promise.resolve();
    if (at === 1) throw new Error('one');
  };
  await expect(inParallel([0, 1, 2, 3, 4, 5], 2, fails)).rejects.toThrow('one');
  expect(begun.length).toBeLessThan(6);
});

describe('fitSeeds', () => {
  const options = { epochs: 2, hidden: [4], embeddingDimension: 4 };
  test('fits what fitCtr fits, however many at a time, averages the probabilities and sums up the figures', async () => {
    const run = (parallel: number) => fitSeeds({ backbone: 'deepfm', train, valid, seeds: [1, 2, 3], parallel, options });
    const [one, three] = [await run(1), await run(3)];
    const p = await Promise.all(one.fits.map(({ model }) => model.predict(valid)));
    const mean = await three.predict(valid);
    mean.forEach((value, row) => expect(value).toBeCloseTo((p[0]![row]! + p[1]![row]! + p[2]![row]!) / 3, 12));
    expect(one.fits.map(({ metrics }) => metrics)).toEqual(three.fits.map(({ metrics }) => metrics));
    const areas = one.fits.map(({ metrics }) => metrics['valid/auc']!);
    const { mean: found, standardDeviation } = one.summary['valid/auc']!;
    expect(found).toBeCloseTo(areas.reduce((a, b) => a + b) / 3, 12);
    expect(standardDeviation).toBeGreaterThan(0);
    await one.dispose();
  });

  test('refuses no seeds, and one twice', async () => {
    expect(await codeOf(() => fitSeeds({ backbone: 'fm', train, seeds: [] }))).toBe('CTR_OPTION');
    expect(await codeOf(() => fitSeeds({ backbone: 'fm', train, seeds: [1, '1'] }))).toBe('CTR_OPTION');
  });
});
