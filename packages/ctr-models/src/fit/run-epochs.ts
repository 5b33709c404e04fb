import type { Rng } from '@expctr/core';
import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { auc } from '../metrics/auc.js';
import { logLoss } from '../metrics/log-loss.js';
import { createGatherer, type Gatherer } from '../model/batch.js';
import { createPredictor, sigmoid, type ModelState } from '../model/predictor.js';
import { modelTensors } from '../model/tensors.js';
import type { Checkpoint } from './checkpoint.js';
import type { EpochReport } from './epoch-report.js';
import type { ResolvedFitOptions } from './options.js';
import { afterEpoch, FRESH_SCHEDULE, type Schedule } from './schedule.js';
import { createPace, type StepReport } from './step-report.js';
import type { TrainRows } from './train-rows.js';
import { createTrainingStep } from './training-step.js';

/** A model to be fitted in place, and what it learns from: all checked. */
export interface EpochsParameters {
  readonly model: ModelState;
  readonly options: ResolvedFitOptions;
  readonly train: TrainRows;
  readonly valid: Features | undefined;
  readonly rng: Rng;
  readonly checkpoint: Checkpoint | undefined;
  readonly onEpoch: ((report: EpochReport) => void) | undefined;
  readonly onStep: ((report: StepReport) => void) | undefined;
  readonly now: () => number;
}

/** Trains until the epochs are over or the schedule says so, and leaves the model as the best epoch had it. */
export async function runEpochs(given: EpochsParameters): Promise<{ readonly reports: EpochReport[]; readonly bestEpoch: number }> {
  const { model, options, train, valid, rng, checkpoint } = given;
  const size = Math.min(options.batchSize, train.length);
  const step = await createTrainingStep(model, options, train.shape(model, size), rng.fork('dropout'));
  const predictor = createPredictor(model);
  try {
    const events = model.backbone.usesSequences === true;
    const tensors = new Map([...modelTensors(model), ...step.state]);
    const reports: EpochReport[] = [];
    let gathered: Features | undefined;
    let gatherer: Gatherer | undefined;
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
    }

    const pace = createPace(
      { rows: train.length, epochs: options.epochs, steps: Math.ceil(train.length / size), done: reports.length },
      given.now,
    );
    for (let epoch = reports.length + 1; epoch <= options.epochs && !schedule.stopped; epoch += 1) {
      step.beginEpoch(epoch, schedule.scale);
      let [total, done] = [0, 0];
      for await (const { features, rows, weights } of train.epoch(epoch)) {
        if (features !== gathered) gatherer = createGatherer(features, model.tables, { events });
        gathered = features;
        for (let start = 0; start < rows.length; start += size) {
          const count = Math.min(size, rows.length - start);
          total += await step.run(gatherer!, features.labels, rows, start, count, weights);
          if (!Number.isFinite(total)) throw diverged(epoch);
          done += count;
          given.onStep?.(pace(epoch, Math.ceil(done / size), done));
        }
      }
      const trainLoss = total / train.totalWeight;
      if (valid === undefined) {
        reports.push({ epoch, metrics: { 'train/logloss': trainLoss } });
      } else {
        const probabilities = (await predictor.logits(valid)).map(sigmoid);
        if (probabilities.some(Number.isNaN)) throw diverged(epoch);
        const validLoss = logLoss(valid.labels, probabilities);
        const validAuc = auc(valid.labels, probabilities);
        reports.push({ epoch, metrics: { 'train/logloss': trainLoss, 'valid/logloss': validLoss, 'valid/auc': validAuc } });
        schedule = afterEpoch(schedule, epoch, validLoss, options);
        if (schedule.bestEpoch === epoch) best = kept(modelTensors(model), best, epoch === options.epochs && checkpoint === undefined);
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

/** The numbers of the best epoch, in the place of those of the one before; of an epoch that nothing comes after they need not be kept. */
function kept(
  tensors: ReadonlyMap<string, HostTensor>,
  before: ReadonlyMap<string, HostTensor> | undefined,
  isLast: boolean,
): ReadonlyMap<string, HostTensor> | undefined {
  if (isLast) return undefined;
  if (before === undefined) return copyOf(tensors);
  copyInto(before, tensors);
  return before;
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
