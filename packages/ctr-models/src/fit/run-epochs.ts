import type { Rng } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { auc } from '../metrics/auc.js';
import { logLoss } from '../metrics/log-loss.js';
import { createGatherer } from '../model/batch.js';
import { batchShape, createPredictor, sigmoid, type ModelState } from '../model/predictor.js';
import { modelTensors } from '../model/tensors.js';
import type { Checkpoint } from './checkpoint.js';
import type { EpochReport } from './epoch-report.js';
import type { ResolvedFitOptions } from './options.js';
import { totalWeight, type RowWeights } from './row-weights.js';
import { afterEpoch, FRESH_SCHEDULE, type Schedule } from './schedule.js';
import { createPace, type StepReport } from './step-report.js';
import { createTrainingStep } from './training-step.js';

/** A model to be fitted in place, and what it learns from: all checked. */
export interface EpochsParameters {
  readonly model: ModelState;
  readonly options: ResolvedFitOptions;
  readonly train: Features;
  readonly valid: Features | undefined;
  readonly weights: RowWeights;
  readonly rng: Rng;
  readonly checkpoint: Checkpoint | undefined;
  readonly onEpoch: ((report: EpochReport) => void) | undefined;
  readonly onStep: ((report: StepReport) => void) | undefined;
  readonly now: () => number;
}

/** Trains until the epochs are over or the schedule says so, and leaves the model as the best epoch had it. */
export async function runEpochs(given: EpochsParameters): Promise<{ readonly reports: EpochReport[]; readonly bestEpoch: number }> {
  const { model, options, train, valid, weights, rng, checkpoint } = given;
  const size = Math.min(options.batchSize, train.length);
  const step = await createTrainingStep(model, options, batchShape(model, train, size), rng.fork('dropout'));
  const predictor = createPredictor(model);
  try {
    const gatherer = createGatherer(train, model.tables, { events: model.backbone.usesSequences === true });
    const tensors = new Map([...modelTensors(model), ...step.state]);
    const rows = Int32Array.from({ length: train.length }, (_, row) => row);
    const reports: EpochReport[] = [];
    let schedule: Schedule = FRESH_SCHEDULE;
    let best: ReadonlyMap<string, HostTensor> | undefined;

    const left = await checkpoint?.read();
    if (left !== undefined) {
      refuseMoreEpochs(left.progress.epoch, options.epochs);
      copyInto(tensors, left.tensors.now);
      best = left.tensors.best;
      step.steps = left.progress.steps;
      reports.push(...left.progress.reports);
      schedule = left.progress.schedule;
      for (let epoch = 1; epoch <= reports.length; epoch += 1) rng.fork('order', epoch).shuffle(rows); // each order follows from the last
    }

    const pace = createPace(
      { rows: rows.length, epochs: options.epochs, steps: Math.ceil(rows.length / size), done: reports.length },
      given.now,
    );
    for (let epoch = reports.length + 1; epoch <= options.epochs && !schedule.stopped; epoch += 1) {
      rng.fork('order', epoch).shuffle(rows);
      step.beginEpoch(epoch, schedule.scale);
      let total = 0;
      for (let start = 0; start < rows.length; start += size) {
        const end = Math.min(rows.length, start + size);
        total += await step.run(gatherer, train.labels, rows, start, end - start, weights);
        if (!Number.isFinite(total)) throw diverged(epoch);
        given.onStep?.(pace(epoch, Math.ceil(end / size), end));
      }
      const trainLoss = total / totalWeight(weights, rows.length);
      if (valid === undefined) {
        reports.push({ epoch, metrics: { 'train/logloss': trainLoss } });
      } else {
        const probabilities = (await predictor.logits(valid)).map(sigmoid);
        if (probabilities.some(Number.isNaN)) throw diverged(epoch);
        const validLoss = logLoss(valid.labels, probabilities);
        const validAuc = auc(valid.labels, probabilities);
        reports.push({ epoch, metrics: { 'train/logloss': trainLoss, 'valid/logloss': validLoss, 'valid/auc': validAuc } });
        schedule = afterEpoch(schedule, epoch, validLoss, options);
        if (schedule.bestEpoch === epoch) best = copyOf(modelTensors(model));
      }
      await checkpoint?.write({ epoch, steps: step.steps, reports, schedule }, { now: tensors, best });
      given.onEpoch?.(reports.at(-1)!);
    }
    if (best !== undefined) copyInto(modelTensors(model), best);
    return { reports, bestEpoch: best === undefined ? reports.length : schedule.bestEpoch };
  } finally {
    await step.dispose();
    await predictor.dispose();
  }
}

function copyOf(tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
}

/** Copies the numbers of `from` into the tensors of the same names and shapes. */
function copyInto(to: ReadonlyMap<string, HostTensor>, from: ReadonlyMap<string, HostTensor>): void {
  for (const [name, { data, shape }] of to) {
    const saved = from.get(name);
    if (saved?.shape.join() !== shape.join()) {
      throw new CtrError('CTR_CHECKPOINT', `${name} is ${saved === undefined ? 'missing' : `[${saved.shape.join()}]`}`, {
        where: 'fitCtr checkpoint',
        expected: `[${shape.join()}]`,
        remedy: 'remove the folder to begin anew',
      });
    }
    (data as Float32Array).set(saved.data);
  }
}

function refuseMoreEpochs(done: number, wanted: number): void {
  if (done <= wanted) return;
  throw new CtrError('CTR_CHECKPOINT', `the checkpoint is of epoch ${done}, and ${wanted} are asked for`, {
    where: 'fitCtr',
    expected: 'at least as many epochs',
    remedy: 'ask for more, or name another folder',
  });
}

function diverged(epoch: number): CtrError {
  return new CtrError('CTR_NOT_FINITE', `the loss is not finite in epoch ${epoch}`, { where: 'fitCtr', remedy: 'lower learningRate' });
}
