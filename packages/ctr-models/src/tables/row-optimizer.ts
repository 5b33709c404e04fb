import { CtrError } from '../errors.js';

/** Names of the optimizers. */
export const OPTIMIZER_NAMES = ['adam', 'adagrad', 'sgd'] as const;

/** The name of an optimizer. */
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** Names of the optimizers of embedding tables. */
export const TABLE_OPTIMIZER_NAMES = [...OPTIMIZER_NAMES, 'rowwise-adagrad'] as const;

/** The name of an optimizer of embedding tables. */
export type TableOptimizerName = (typeof TABLE_OPTIMIZER_NAMES)[number];

/**
 * Updates stretches of a parameter array in place. A dense tensor is one stretch; of an embedding table only the rows of the batch
 * are touched, with their own part of the state ("lazy" or "sparse" updates): what a row that is not in the batch has stays as it is,
 * moments too, which no step decays.
 *
 * A stretch has `parts`, the lengths of what belongs together in it: of a table row the embedding, then each first-order weight.
 */
export interface RowOptimizer {
  /** How many numbers of state a stretch takes. */
  stateSize(parts: readonly number[]): number;
  /** Begins step `step`, counted from 1, at `scale` times the learning rate. Default 1. */
  begin(step: number, scale?: number): void;
  /** Updates the stretch of `values` from `at` on by that of `gradient` from `from` on, with its state from `stateAt` on. */
  update(
    values: Float32Array,
    at: number,
    gradient: Float32Array,
    from: number,
    parts: readonly number[],
    state: Float32Array,
    stateAt: number,
  ): void;
}

/** Options of {@link createRowOptimizer}. */
export interface RowOptimizerOptions {
  /** Default `adam`. */
  readonly name?: TableOptimizerName;
  /** Step size. */
  readonly learningRate: number;
  /** Adam's decay of the mean gradient. Default 0.9. */
  readonly beta1?: number;
  /** Adam's decay of the mean squared gradient. Default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator of Adam (default 1e-8) and Adagrad (default 1e-10; row-wise 1e-8). */
  readonly epsilon?: number;
}

const OPTIMIZERS: Record<TableOptimizerName, (options: RowOptimizerOptions) => RowOptimizer> = {
  adam,
  adagrad,
  sgd,
  'rowwise-adagrad': rowwiseAdagrad,
};

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

/** Decays and epsilons that PyTorch's optimizers have unless told otherwise. */
export const USUAL = { beta1: 0.9, beta2: 0.999, epsilon: { adam: 1e-8, adagrad: 1e-10, 'rowwise-adagrad': 1e-8 } } as const;

/** What Adam multiplies a mean gradient by, divided by the root of the mean square and epsilon, in step `step`: learning rate and both corrections. */
export function adamStepSize(step: number, learningRate: number, beta1: number = USUAL.beta1, beta2: number = USUAL.beta2): number {
  return (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
}

const numbers = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);

/** The end of a stretch that begins at `at`. */
function endOf(at: number, parts: readonly number[]): number {
  for (let p = 0; p < parts.length; p += 1) at += parts[p]!;
  return at;
}

/**
 * Adam as `torch.optim.SparseAdam` computes it: moments of untouched rows stay, the bias correction counts all steps, epsilon is
 * added before the correction of the second moment. Both moments of a number are neighbors, so that a row's state is in one place.
 */
function adam({ learningRate, beta1 = USUAL.beta1, beta2 = USUAL.beta2, epsilon = USUAL.epsilon.adam }: RowOptimizerOptions): RowOptimizer {
  let stepSize = 0;
  const a = 1 - beta1;
  const b = 1 - beta2;
  return {
    stateSize: (parts) => 2 * numbers(parts),
    begin(step, scale = 1) {
      stepSize = adamStepSize(step, scale * learningRate, beta1, beta2);
    },
    update(values, at, gradient, from, parts, state, stateAt) {
      for (const end = endOf(at, parts); at < end; at += 1, from += 1, stateAt += 2) {
        const g = gradient[from]!;
        const m = state[stateAt]! + a * (g - state[stateAt]!);
        const v = state[stateAt + 1]! + b * (g * g - state[stateAt + 1]!);
        state[stateAt] = m;
        state[stateAt + 1] = v;
        values[at] = values[at]! - (stepSize * m) / (Math.sqrt(v) + epsilon);
      }
    },
  };
}

/** Adagrad as `torch.optim.Adagrad` with sparse gradients: sum of squares from 0, no decay of the learning rate. */
function adagrad({ learningRate, epsilon = USUAL.epsilon.adagrad }: RowOptimizerOptions): RowOptimizer {
  let stepSize = learningRate;
  return {
    stateSize: numbers,
    begin(_step, scale = 1) {
      stepSize = scale * learningRate;
    },
    update(values, at, gradient, from, parts, state, stateAt) {
      for (const end = endOf(at, parts); at < end; at += 1, from += 1, stateAt += 1) {
        const g = gradient[from]!;
        const s = state[stateAt]! + g * g;
        state[stateAt] = s;
        values[at] = values[at]! - (stepSize * g) / (Math.sqrt(s) + epsilon);
      }
    },
  };
}

/**
 * Row-wise Adagrad (`EXACT_ROWWISE_ADAGRAD` of FBGEMM, the optimizer of DLRM's tables): one sum for a whole embedding, of the mean of its
 * squared gradient, instead of one for each component. A first-order weight has its own, as a table of its own would.
 */
function rowwiseAdagrad({ learningRate, epsilon = USUAL.epsilon['rowwise-adagrad'] }: RowOptimizerOptions): RowOptimizer {
  let stepSize = learningRate;
  return {
    stateSize: (parts) => parts.length,
    begin(_step, scale = 1) {
      stepSize = scale * learningRate;
    },
    update(values, at, gradient, from, parts, state, stateAt) {
      for (let p = 0; p < parts.length; p += 1, stateAt += 1) {
        const count = parts[p]!;
        let squares = 0;
        for (let k = 0; k < count; k += 1) squares += gradient[from + k]! * gradient[from + k]!;
        const s = state[stateAt]! + squares / count;
        state[stateAt] = s;
        const step = stepSize / (Math.sqrt(s) + epsilon);
        for (const end = at + count; at < end; at += 1, from += 1) values[at] = values[at]! - step * gradient[from]!;
      }
    },
  };
}

/** Plain stochastic gradient descent. */
function sgd({ learningRate }: RowOptimizerOptions): RowOptimizer {
  let stepSize = learningRate;
  return {
    stateSize: () => 0,
    begin(_step, scale = 1) {
      stepSize = scale * learningRate;
    },
    update(values, at, gradient, from, parts) {
      for (const end = endOf(at, parts); at < end; at += 1, from += 1) values[at] = values[at]! - stepSize * gradient[from]!;
    },
  };
}
