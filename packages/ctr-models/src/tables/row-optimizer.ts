import { CtrError } from '../errors.js';

/** Names of the optimizers. */
export const OPTIMIZER_NAMES = ['adam', 'adagrad', 'sgd'] as const;

/** The name of an optimizer. */
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/**
 * Updates stretches of a parameter array in place. A dense tensor is one stretch; of an embedding table only the rows of the batch
 * are touched, with their own part of the state ("lazy" or "sparse" updates).
 */
export interface RowOptimizer {
  /** How many arrays of state, each as long as the parameters. */
  readonly stateArrays: number;
  /** Begins step `step`, counted from 1. */
  begin(step: number): void;
  /** Updates `values[at .. at + count)` by `gradient[from .. from + count)`. */
  update(values: Float32Array, state: readonly Float32Array[], at: number, gradient: Float32Array, from: number, count: number): void;
}

/** Options of {@link createRowOptimizer}. */
export interface RowOptimizerOptions {
  /** Default `adam`. */
  readonly name?: OptimizerName;
  /** Step size. */
  readonly learningRate: number;
  /** Adam's decay of the mean gradient. Default 0.9. */
  readonly beta1?: number;
  /** Adam's decay of the mean squared gradient. Default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator of Adam (default 1e-8) and Adagrad (default 1e-10). */
  readonly epsilon?: number;
}

const OPTIMIZERS: Record<OptimizerName, (options: RowOptimizerOptions) => RowOptimizer> = { adam, adagrad, sgd };

/** @throws CtrError `CTR_OPTION` for an unknown name or a learning rate that is not a number of at least 0. */
export function createRowOptimizer(options: RowOptimizerOptions): RowOptimizer {
  const { name = 'adam', learningRate } = options;
  if (!(learningRate >= 0) || !Number.isFinite(learningRate)) {
    throw new CtrError('CTR_OPTION', `learningRate is ${learningRate}`, { expected: 'a number of at least 0' });
  }
  if (!Object.hasOwn(OPTIMIZERS, name)) {
    throw new CtrError('CTR_OPTION', `there is no optimizer '${name}'`, { expected: `one of ${Object.keys(OPTIMIZERS).join(', ')}` });
  }
  return OPTIMIZERS[name](options);
}

/**
 * Adam as `torch.optim.SparseAdam` computes it: moments of untouched rows stay, the bias correction counts all steps, epsilon is
 * added before the correction of the second moment.
 */
function adam({ learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: RowOptimizerOptions): RowOptimizer {
  let stepSize = 0;
  const a = 1 - beta1;
  const b = 1 - beta2;
  return {
    stateArrays: 2,
    begin(step) {
      stepSize = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
    },
    update(values, state, at, gradient, from, count) {
      const mean = state[0]!;
      const square = state[1]!;
      for (let end = at + count; at < end; at += 1, from += 1) {
        const g = gradient[from]!;
        const m = mean[at]! + a * (g - mean[at]!);
        const v = square[at]! + b * (g * g - square[at]!);
        mean[at] = m;
        square[at] = v;
        values[at] = values[at]! - (stepSize * m) / (Math.sqrt(v) + epsilon);
      }
    },
  };
}

/** Adagrad as `torch.optim.Adagrad` with sparse gradients: sum of squares from 0, no decay of the learning rate. */
function adagrad({ learningRate, epsilon = 1e-10 }: RowOptimizerOptions): RowOptimizer {
  return {
    stateArrays: 1,
    begin() {},
    update(values, state, at, gradient, from, count) {
      const sum = state[0]!;
      for (let end = at + count; at < end; at += 1, from += 1) {
        const g = gradient[from]!;
        const s = sum[at]! + g * g;
        sum[at] = s;
        values[at] = values[at]! - (learningRate * g) / (Math.sqrt(s) + epsilon);
      }
    },
  };
}

/** Plain stochastic gradient descent. */
function sgd({ learningRate }: RowOptimizerOptions): RowOptimizer {
  return {
    stateArrays: 0,
    begin() {},
    update(values, _state, at, gradient, from, count) {
      for (let end = at + count; at < end; at += 1, from += 1) values[at] = values[at]! - learningRate * gradient[from]!;
    },
  };
}
