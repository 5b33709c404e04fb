import * as tf from '@tensorflow/tfjs';
import { adamStepSize, USUAL, type OptimizerName } from '../tables/row-optimizer.js';

/** A parameter after a step, with the state that it leaves. */
interface Updated {
  readonly value: tf.Tensor;
  readonly state: readonly tf.Tensor[];
}

/** How a dense parameter is updated, as part of the graph of a step. */
export interface DenseOptimizer {
  /** Tensors of state of a parameter, each of its shape, zeros at first. */
  readonly slots: number;
  /** What `update` multiplies a step by. @param step counted from 1 @param scale what the learning rate is multiplied by */
  stepSize(step: number, scale: number): number;
  /** @param stepSize a scalar */
  update(value: tf.Tensor, gradient: tf.Tensor, state: readonly tf.Tensor[], stepSize: tf.Scalar): Updated;
}

const { beta1, beta2, epsilon } = USUAL;

/** The same rules by which `createRowOptimizer` updates rows of tables, whose learning rates and epsilons they share. */
const OPTIMIZERS: Readonly<Record<OptimizerName, (learningRate: number) => DenseOptimizer>> = {
  adam: (learningRate) => ({
    slots: 2,
    stepSize: (step, scale) => adamStepSize(step, scale * learningRate),
    update(value, gradient, [mean, square], stepSize) {
      const m = tf.add(mean!, tf.mul(1 - beta1, tf.sub(gradient, mean!)));
      const v = tf.add(square!, tf.mul(1 - beta2, tf.sub(tf.square(gradient), square!)));
      return { value: tf.sub(value, tf.div(tf.mul(stepSize, m), tf.add(tf.sqrt(v), epsilon.adam))), state: [m, v] };
    },
  }),
  adagrad: (learningRate) => ({
    slots: 1,
    stepSize: (_step, scale) => scale * learningRate,
    update(value, gradient, [squares], stepSize) {
      const s = tf.add(squares!, tf.square(gradient));
      return { value: tf.sub(value, tf.div(tf.mul(stepSize, gradient), tf.add(tf.sqrt(s), epsilon.adagrad))), state: [s] };
    },
  }),
  sgd: (learningRate) => ({
    slots: 0,
    stepSize: (_step, scale) => scale * learningRate,
    update: (value, gradient, _state, stepSize) => ({ value: tf.sub(value, tf.mul(stepSize, gradient)), state: [] }),
  }),
};

/** The update of the parameters that every row has a part in: vectors of processors do in a graph what takes ten times as long by itself. */
export function createDenseOptimizer({
  name,
  learningRate,
}: {
  readonly name: OptimizerName;
  readonly learningRate: number;
}): DenseOptimizer {
  return OPTIMIZERS[name](learningRate);
}
