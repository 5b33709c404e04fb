import type { Rng } from '@expctr/core';
import { compile, flattenTree, spec, type HostTensor } from '@expctr/tfjs-backend-onnx';
import * as tf from '@tensorflow/tfjs';
import type { ParameterTree } from '../backbones/backbone.js';
import {
  batchSpecs,
  createBuffers,
  featureBatch,
  type BatchShape,
  type Gatherer,
  type OtherInputs,
  type RowInputs,
} from '../model/batch.js';
import { parameterLeaves, parameterSpecs } from '../model/parameters.js';
import type { ModelState } from '../model/predictor.js';
import { createRowGradients } from '../tables/row-gradients.js';
import { createRowOptimizer } from '../tables/row-optimizer.js';
import { createDenseOptimizer } from './dense-optimizer.js';
import { createDropout } from './dropout.js';
import type { ResolvedFitOptions } from './options.js';
import type { RowWeights } from './row-weights.js';
import { lossInBlocks } from './row-blocks.js';

/** One step of gradient descent on a model in place. */
export interface TrainingStep {
  /**
   * Begins an epoch: dropout has a stream for each, so that a fit can go on with any of them.
   * @param epoch from 1
   * @param scale what the learning rates are multiplied by. Default 1
   */
  beginEpoch(epoch: number, scale?: number): void;
  /**
   * Learns from the rows `rows[start .. start + count)`, at most a batch. The step goes along the mean over the rows of each row's weight
   * times the gradient of its loss.
   * @param weights of all rows; undefined = 1 each
   * @returns the sum of their weighted log-losses before the update, against smoothed labels where `labelSmoothing` is above 0
   */
  run(gatherer: Gatherer, labels: Uint8Array, rows: Int32Array, start: number, count: number, weights?: RowWeights): Promise<number>;
  /** The state of the optimizers by name, in place: `optimizer.parameters.<path>` and `optimizer.tables.<name>`. */
  readonly state: ReadonlyMap<string, HostTensor>;
  /** Steps done. To be set where a fit goes on. */
  steps: number;
  /** Frees the compiled function. */
  dispose(): Promise<void>;
}

/** Targets of a batch. */
type Targets<L> = {
  /** 0 or 1, [batch, 1] */
  readonly labels: L;
  /** 1 / rows for a row, 0 for padding, [batch, 1] */
  readonly weights: L;
};

/**
 * Weighted log-loss in nats from log-odds [batch, 1]: sum of w (softplus(x) - x y), whose gradient is w (sigmoid(x) - y) also at 0,
 * where forms with |x| have none.
 */
export function weightedLogLoss(logits: tf.Tensor2D, { labels, weights }: Targets<tf.Tensor>): tf.Scalar {
  return tf.sum(tf.mul(weights, tf.sub(tf.softplus(logits), tf.mul(logits, labels))));
}

/** Compiles loss and gradients for batches of the shape, and keeps the optimizers' state. @param blockRows as for {@link lossInBlocks} */
export async function createTrainingStep(
  model: ModelState,
  options: ResolvedFitOptions,
  shape: BatchShape,
  rng: Rng,
  blockRows?: number,
): Promise<TrainingStep> {
  const { backbone, schema, parameters, tables } = model;
  const { size } = shape;
  const buffers = createBuffers(shape);
  const dropout = createDropout(backbone.noise?.(model.options) ?? {}, size, rng);
  const specs = batchSpecs(shape);

  const lossAndGrads = lossInBlocks<{ noise: Readonly<Record<string, tf.Tensor2D>>; targets: Targets<tf.Tensor> }>(
    (trained, { others, perRow: { noise, targets } }) =>
      weightedLogLoss(backbone.logits(trained.params, { ...featureBatch(schema, trained.rows, others), noise }), targets),
    size,
    blockRows,
  );
  const optimizer = createDenseOptimizer({ name: options.optimizer, learningRate: options.learningRate });
  const leaves = parameterLeaves(parameters).map(({ path, tensor }) => {
    const l2 = tensor.shape.length < 2 ? 0 : path.split('.').includes('dense') ? options.denseL2 : options.l2;
    const values = tensor.data as Float32Array;
    const state = new Float32Array(optimizer.slots * values.length);
    const slots = Array.from({ length: optimizer.slots }, (_, slot) => state.subarray(slot * values.length, (slot + 1) * values.length));
    return { path, shape: tensor.shape, values, l2, state, slots };
  });
  const compiled = await compile(
    (
      params: ParameterTree,
      state: readonly (readonly tf.Tensor[])[],
      stepSize: tf.Scalar,
      rows: RowInputs<tf.Tensor>,
      others: OtherInputs<tf.Tensor>,
      noise: Readonly<Record<string, tf.Tensor2D>>,
      targets: Targets<tf.Tensor>,
    ) => {
      const { value, grads } = lossAndGrads({ params, rows }, { others, perRow: { noise, targets } });
      const values = flattenTree<tf.Tensor>(params);
      const updated = flattenTree<tf.Tensor>(grads.params).map((gradient, k) => {
        const { l2 } = leaves[k]!;
        const whole = l2 > 0 ? tf.add(gradient, tf.mul(l2, values[k]!)) : gradient;
        return optimizer.update(values[k]!, whole, state[k]!, stepSize);
      });
      return { value, rows: grads.rows, updated };
    },
    [
      parameterSpecs(parameters),
      leaves.map(({ shape, slots }) => slots.map(() => spec([...shape]))),
      spec([]),
      specs.rows,
      specs.others,
      Object.fromEntries(Object.entries(dropout.masks).map(([name, mask]) => [name, spec([size, mask.length / size])])),
      { labels: spec([size, 1]), weights: spec([size, 1]) },
    ],
    { name: `${backbone.name}-step-${size}` },
  );

  const tableOptimizer = createRowOptimizer({
    name: options.tableOptimizer ?? options.optimizer,
    learningRate: options.tableLearningRate ?? options.learningRate,
  });
  const rowGradients = tables.map((table) => createRowGradients(table, tableOptimizer));
  const targets = { labels: new Float32Array(size), weights: new Float32Array(size) };
  const { labelSmoothing } = options;
  let learningRateScale = 1;

  const step: TrainingStep = {
    state: new Map([
      ...leaves.map(({ path, state }) => [`optimizer.parameters.${path}`, vector(state)] as const),
      ...rowGradients.map(({ state }, k) => [`optimizer.tables.${tables[k]!.name}`, vector(state)] as const),
    ]),
    steps: 0,
    beginEpoch(epoch, scale = 1) {
      dropout.restart(rng.fork(epoch));
      learningRateScale = scale;
    },
    async run(gatherer, labels, rows, start, count, weights) {
      gatherer.gather(rows, start, count, buffers);
      for (let b = 0; b < count; b += 1) {
        const row = rows[start + b]!;
        targets.labels[b] = labels[row]! * (1 - labelSmoothing) + labelSmoothing / 2;
        targets.weights[b] = (weights === undefined ? 1 : weights[row]!) / count;
      }
      targets.weights.fill(0, count);
      dropout.draw();
      step.steps += 1;
      const stepSize = Float32Array.of(optimizer.stepSize(step.steps, learningRateScale));
      const state = leaves.map(({ slots }) => slots);
      const {
        value,
        rows: grads,
        updated,
      } = await compiled.run([parameters, state, stepSize, buffers.rows, buffers.others, dropout.masks, targets]);
      updated.forEach((now, k) => {
        leaves[k]!.values.set(now.value.data);
        now.state.forEach(({ data }, slot) => state[k]![slot]!.set(data));
      });
      tableOptimizer.begin(step.steps, learningRateScale);
      const fields = gatherer.lookups.length;
      const gradients = {
        embeddings: (grads.embeddings?.data ?? new Float32Array(0)) as Float32Array,
        firstOrder: grads.firstOrder.data as Float32Array,
      };
      gatherer.lookups.forEach((lookup, field) => {
        rowGradients[lookup.table]!.scatter(gradients, lookup, { field, fields, rows, start, count });
      });
      for (const [table, gradient] of Object.entries(grads.tables ?? {})) {
        rowGradients[tables.findIndex((t) => t.name === table)]!.add(
          buffers.events!.shown[table]!,
          gradient.data as Float32Array,
          shape.dimension,
        );
      }
      for (const each of rowGradients) each.apply(options.embeddingL2);
      return value.data[0]! * count;
    },
    dispose: () => compiled.dispose(),
  };
  return step;
}

function vector(data: Float32Array): HostTensor {
  return { data, shape: [data.length], dtype: 'float32' };
}
