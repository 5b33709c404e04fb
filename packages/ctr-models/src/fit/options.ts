import { CtrError } from '../errors.js';
import type { OptimizerName } from '../tables/row-optimizer.js';

/** How {@link fitCtr} trains. Every field has a default, chosen for some ten thousand rows. */
export interface FitOptions {
  /** Passes over the training rows, at most. Default 30. */
  readonly epochs?: number;
  /**
   * Rows of a step. The last batch of an epoch is padded with rows of weight 0. Default: the largest power of two with which an epoch
   * has at least 32 steps, from 32 to 4096.
   */
  readonly batchSize?: number;
  /** Step size of the optimizer. Default 0.001. */
  readonly learningRate?: number;
  /** Default `adam`: rows of tables that a batch does not hold keep their moments, too. */
  readonly optimizer?: OptimizerName;
  /** Components of a field embedding. Default 16. */
  readonly embeddingDimension?: number;
  /** L2 penalty l2 / 2 * |w|^2 a step on the backbone's matrices; biases go free. Default 1e-5. */
  readonly l2?: number;
  /** L2 penalty on the table rows that a batch holds. Default 1e-5. */
  readonly embeddingL2?: number;
  /** L2 penalty on the weights and projections of dense vectors: parameters whose path holds `dense`. Default 0.01. */
  readonly denseL2?: number;
  /** Stops when the log-loss of the validation rows has not fallen for so many epochs, and goes back to the best. Default 5. */
  readonly patience?: number;
  /** Options of the backbone, over its defaults. */
  readonly backbone?: Readonly<Record<string, unknown>>;
}

/** {@link FitOptions} with the defaults in place. */
export type ResolvedFitOptions = Required<FitOptions>;

const DEFAULTS: Omit<ResolvedFitOptions, 'batchSize'> = {
  epochs: 30,
  learningRate: 0.001,
  optimizer: 'adam',
  embeddingDimension: 16,
  l2: 1e-5,
  embeddingL2: 1e-5,
  denseL2: 0.01,
  patience: 5,
  backbone: {},
};

/** Options for `rows` training rows. @throws CtrError `CTR_OPTION`, naming the option, for a value out of range. */
export function resolveFitOptions(options: FitOptions, rows: number): ResolvedFitOptions {
  const batchSize = 2 ** Math.min(12, Math.max(5, Math.floor(Math.log2(rows / 32))));
  const resolved = { ...DEFAULTS, batchSize, ...options };
  for (const name of ['epochs', 'batchSize', 'embeddingDimension', 'patience'] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] < 1) throw outOfRange(name, resolved[name], 'an integer of at least 1');
  }
  for (const name of ['learningRate', 'l2', 'embeddingL2', 'denseL2'] as const) {
    if (!Number.isFinite(resolved[name]) || resolved[name] < 0) throw outOfRange(name, resolved[name], 'a number of at least 0');
  }
  return resolved;
}

function outOfRange(name: string, value: unknown, expected: string): CtrError {
  return new CtrError('CTR_OPTION', `${name} is ${String(value)}`, { where: 'fitCtr', expected });
}
