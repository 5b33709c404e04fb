import { cpSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@expctr/core';
import { rowsOf } from '@expctr/data';
import { momentsOf, operationsOf, visitMoments } from '@expctr/test-support';
import { useOnnx, type HostTensor } from '@expctr/tfjs-backend-onnx';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildFeatures, fitCtr, selectRows, type CtrModel, type Features, type FitCtrParameters, type StepReport } from '../src/index.js';
import { openCheckpoint, type Progress } from '../src/fit/checkpoint.js';
import { afterEpoch, FRESH_SCHEDULE, type Schedule } from '../src/fit/schedule.js';
import { codeOf, smallWorld } from './world.js';

const { interactions, items } = smallWorld(createRng('training'), { users: 15, items: 20, perUser: 20 });
const features = buildFeatures({ interactions, items, fitRows: rowsOf(interactions, 'train') });
const train = selectRows(features, rowsOf(interactions, 'train'));
const valid = selectRows(features, rowsOf(interactions, 'valid'));

beforeAll(() => useOnnx());

type Change = Partial<Omit<FitCtrParameters, 'options'>> & { readonly options?: Readonly<Record<string, unknown>> };

const fit = (change: Change): Promise<CtrModel> => fitCtr({ backbone: 'logistic-regression', train, valid, rng: createRng(1), ...change });

const scratch = (): Promise<string> => mkdtemp(join(tmpdir(), 'expctr-fit-'));

describe('weights and smoothed labels', () => {
  /** Plain gradient descent on all rows at once: the gradient is that of the loss, and nothing else moves. */
  async function logits(rows: Features, learningRate: number, options: object = {}, weights?: number[]): Promise<Float64Array> {
    const plain = { optimizer: 'sgd' as const, epochs: 3, batchSize: 4096, learningRate, l2: 0, embeddingL2: 0, denseL2: 0 };
    const given = { backbone: 'logistic-regression', train: rows, rng: createRng(1), options: { ...plain, ...options } };
    const model = await fitCtr({ ...given, ...(weights === undefined ? {} : { weights }) });
    const found = await model.predictLogits(valid);
    await model.dispose();
    return found;
  }
  const expectSame = (found: Float64Array, expected: Float64Array): void =>
    found.forEach((logit, row) => expect(logit).toBeCloseTo(expected[row]!, 4));
  const all = Array.from({ length: train.length }, (_, row) => row);

  test('a row of weight 3 is that row three times, one of weight 0 none', async () => {
    const weights = all.map((row) => row % 4);
    const repeated = selectRows(
      train,
      all.flatMap((row) => new Array<number>(weights[row]!).fill(row)),
    );
    expectSame(await logits(train, train.length / repeated.length, {}, weights), await logits(repeated, 1));
  });

  test('positiveWeight is a weight of every row of label 1; null makes both classes weigh the same', async () => {
    const positives = train.labels.reduce((sum, label) => sum + label, 0);
    const balanced = (train.length - positives) / positives;
    for (const [positiveWeight, weight] of [
      [2.5, 2.5],
      [null, balanced],
    ] as const) {
      const weights = all.map((row) => (train.labels[row] === 1 ? weight : 1));
      expectSame(await logits(train, 1, { positiveWeight }), await logits(train, 1, {}, weights));
    }
  });

  test('a label smoothed by s is the label with weight 1 - s / 2 and the other with s / 2', async () => {
    const both = selectRows(train, [...all, ...all]);
    const labels = Uint8Array.from(both.labels, (label, row) => (row < train.length ? label : 1 - label));
    const weights = [...all, ...all].map((_, at) => (at < train.length ? 0.9 : 0.1));
    expectSame(await logits(train, 0.5, { labelSmoothing: 0.2 }), await logits({ ...both, labels }, 1, {}, weights));
  });

  test('weights that are none are refused, naming the row', async () => {
    for (const [weights, code] of [
      [[1], 'CTR_LENGTH'],
      [all.map(() => 0), 'CTR_EMPTY'],
      [all.map((row) => (row === 7 ? -1 : 1)), 'CTR_NOT_FINITE'],
      [all.map((row) => (row === 7 ? NaN : 1)), 'CTR_NOT_FINITE'],
    ] as const) {
      expect(await codeOf(() => fit({ weights }))).toBe(code);
    }
    await expect(fit({ weights: all.map((row) => (row === 7 ? NaN : 1)) })).rejects.toThrow('row 7');
  });
});

describe('a plateau', () => {
  const options = { patience: 5, plateauFactor: 0.1, plateauPatience: 2 };
  const run = (losses: number[]): Schedule[] => {
    let schedule = FRESH_SCHEDULE;
    return losses.map((loss, at) => (schedule = afterEpoch(schedule, at + 1, loss, options)));
  };

  test('lowers the learning rate again and again, until a better epoch or the end of patience', () => {
    const schedules = run([1, 2, 2, 2, 2, 0.5, 1, 1, 1, 1, 1]);
    expect(schedules.map(({ scale }) => scale)).toEqual(
      [1, 1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 1e-4, 1e-4].map((s) => expect.closeTo(s, 12) as number),
    );
    expect(schedules.map(({ stopped }) => stopped).indexOf(true)).toBe(10); // five epochs after the sixth
    expect(schedules.at(-1)!.bestEpoch).toBe(6);
  });

  test('of a fit: after it hardly anything moves', async () => {
    const model = await fit({ options: { learningRate: 0.3, epochs: 12, patience: 12, plateauFactor: 1e-6, plateauPatience: 1 } });
    const losses = model.epochs.map(({ metrics }) => metrics['valid/logloss']!);
    const first = losses.findIndex((loss, at) => at > 0 && loss >= Math.min(...losses.slice(0, at))); // its epoch is a plateau
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(10);
    for (const loss of losses.slice(first + 1)) expect(loss).toBeCloseTo(losses[first]!, 4);
  });
});

describe('a fit that goes on from its checkpoint', () => {
  const options = { epochs: 4, patience: 4, learningRate: 0.02, plateauFactor: 0.5, hidden: [6], dropout: 0.3, embeddingDimension: 4 };
  const deep = (change: Change = {}): Promise<CtrModel> =>
    fit({ backbone: 'deepfm', ...change, options: { ...options, ...change.options } });
  class Interrupted extends Error {}

  test('ends as one that was never interrupted, and calls nobody twice', async () => {
    const whole = await deep();
    for (const at of [1, 3]) {
      const checkpoint = await scratch();
      const seen: number[] = [];
      await expect(
        deep({
          checkpoint,
          onEpoch({ epoch }) {
            seen.push(epoch);
            if (epoch === at) throw new Interrupted('killed');
          },
        }),
      ).rejects.toThrow(Interrupted);
      const resumed = await deep({ checkpoint, onEpoch: ({ epoch }) => void seen.push(epoch) });
      expect(seen).toEqual([1, 2, 3, 4]);
      expect(resumed.epochs).toEqual(whole.epochs);
      expect(resumed.bestEpoch).toBe(whole.bestEpoch);
      expect(await resumed.predictLogits(valid)).toEqual(await whole.predictLogits(valid));
      expect((await readdir(checkpoint)).sort()).toEqual([`best-${whole.bestEpoch}.safetensors`, 'fit.json', 'now-4.safetensors']);
    }
  });

  test('trains on where more epochs are asked for, and refuses fewer, another fit, and damage', async () => {
    const checkpoint = await scratch();
    await deep({ checkpoint, options: { epochs: 2 } });
    expect((await deep({ checkpoint })).epochs).toEqual((await deep()).epochs);
    expect(await codeOf(() => deep({ checkpoint, options: { epochs: 3 } }))).toBe('CTR_CHECKPOINT');
    expect(await codeOf(() => deep({ checkpoint, options: { learningRate: 0.01 } }))).toBe('CTR_CHECKPOINT');
    expect(await codeOf(() => deep({ checkpoint, rng: createRng(2) }))).toBe('CTR_CHECKPOINT');
    expect(await codeOf(() => deep({ checkpoint, train: { ...train, labels: train.labels.map((y, r) => (r === 0 ? 1 - y : y)) } }))).toBe(
      'CTR_CHECKPOINT',
    );
    const index = await readFile(join(checkpoint, 'fit.json'), 'utf8');
    const changed = index.replace(/"steps":\d+/u, '"steps":1');
    expect(changed).not.toBe(index);
    for (const text of [changed, '', '{}', 'null', '{"format":"ctr-fit/0"}']) {
      await writeFile(join(checkpoint, 'fit.json'), text);
      expect(await codeOf(() => deep({ checkpoint })), text).toBe('CTR_CHECKPOINT');
    }
    await writeFile(join(checkpoint, 'fit.json'), index);
    await deep({ checkpoint }); // as it was
    const tensors = await readFile(join(checkpoint, 'now-4.safetensors'));
    tensors[tensors.length - 1]! ^= 1;
    await writeFile(join(checkpoint, 'now-4.safetensors'), tensors);
    expect(await codeOf(() => deep({ checkpoint }))).toBe('CTR_CHECKPOINT');
  });

  test('finds a whole epoch, whenever the process died', async () => {
    const tensor = (value: number): HostTensor => ({ data: Float32Array.of(value), shape: [1], dtype: 'float32' });
    const progress = (epoch: number): Progress => ({ epoch, steps: epoch, reports: [], schedule: { ...FRESH_SCHEDULE, bestEpoch: epoch } });
    const tensors = (epoch: number) => ({ now: new Map([['x', tensor(epoch)]]), best: new Map([['x', tensor(-epoch)]]) });
    const folder = await scratch();
    const write = (epoch: number): Promise<void> => openCheckpoint(folder, 'same').write(progress(epoch), tensors(epoch));
    await write(1);
    const moments = momentsOf(await operationsOf(folder, () => write(2)));
    expect(moments.length).toBeGreaterThan(8);
    await write(1);
    const left: string[] = [];
    const copies = await scratch();
    await visitMoments(
      folder,
      moments,
      () => write(2),
      () => {
        const copy = join(copies, String(left.length));
        cpSync(folder, copy, { recursive: true });
        left.push(copy);
      },
    );
    const found = new Set<number>();
    for (const copy of left) {
      const { progress: read, tensors: numbers } = (await openCheckpoint(copy, 'same').read())!;
      expect([numbers.now.get('x')!.data[0], numbers.best!.get('x')!.data[0]]).toEqual([read.epoch, -read.epoch]);
      found.add(read.epoch);
    }
    expect(found).toEqual(new Set([1, 2]));
  });
});

test('steps are counted, with the rate and the time left by the clock given', async () => {
  const seen: StepReport[] = [];
  let clock = 0;
  const half = Math.ceil(train.length / 2);
  await fit({
    options: { epochs: 2, batchSize: half },
    now: () => clock,
    onStep(report) {
      seen.push(report);
      clock += 1000;
    },
  });
  expect(seen.map(({ epoch, step, steps, epochs }) => [epoch, step, steps, epochs])).toEqual([
    [1, 1, 2, 2],
    [1, 2, 2, 2],
    [2, 1, 2, 2],
    [2, 2, 2, 2],
  ]);
  expect(seen[0]).toMatchObject({ rowsPerSecond: 0, secondsLeft: Infinity }); // the clock has not moved yet
  expect(seen[1]!.rowsPerSecond).toBe(train.length);
  expect(seen[1]!.secondsLeft).toBe(1);
  expect(seen[3]!.secondsLeft).toBe(0);
});
