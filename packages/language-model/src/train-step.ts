import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { Scalar } from '@tensorflow/tfjs';
import type { HostTreeOf, TokenBatch, TokenOutputs, TracedBatch } from './token-batch.js';

/**
 * A loss as plain tfjs code, differentiated with respect to the active adapter and `extra`.
 *
 * `loss` is a SUM over the tokens of this micro-batch divided by a number in `batch.scalars` that is the same for every
 * micro-batch of a minibatch (the token count of the whole minibatch, say), so that the summed gradients of its
 * micro-batches are exactly the gradient of the minibatch. What stands on padding must not reach it.
 */
export type StepLoss<P> = (
  out: TokenOutputs,
  batch: TracedBatch,
  extra: P,
) => {
  /** Differentiated; summed over micro-batches. */
  readonly loss: Scalar;
  /** Summed over micro-batches. */
  readonly metrics: Readonly<Record<string, Scalar>>;
  /** The largest over micro-batches. */
  readonly maxima?: Readonly<Record<string, Scalar>>;
};

/** Options of one {@link TrainStep.run}. */
export interface StepOptions {
  /** Handed to the optimizer as `context.learningRate`. Default: the optimizer's own. */
  readonly learningRate?: number;
  /** Sees metrics and maxima of the whole minibatch before anything is updated; true leaves out the update. */
  readonly skip?: (metrics: Readonly<Record<string, number>>) => boolean;
}

/** What one {@link TrainStep.run} did. */
export interface StepResult {
  /** Metrics and maxima of the loss over all micro-batches, and `loss` itself. */
  readonly metrics: Record<string, number>;
  /** True when `skip` said so or the gradient norm is not finite: neither parameters nor optimizer state have changed. */
  readonly skipped: boolean;
  /** Global L2 norm of the summed gradient (adapter and extra), before any clipping. */
  readonly gradientNorm: number;
}

/** A compiled training step with the optimizer state of the active adapter and of the parameters beside it. */
export interface TrainStep<P> {
  /** One optimizer update from the summed gradients of `microBatches`. */
  run(microBatches: readonly TokenBatch[], options?: StepOptions): Promise<StepResult>;
  /** The current values of the parameters trained beside the adapter. */
  extra(): HostTreeOf<P>;
  /** Optimizer moments of the adapter, `extra` and its moments; the adapter's own tensors are not in it. */
  exportState(): Record<string, HostTensor>;
  /** Takes back what {@link exportState} gave. @throws ExpctrError when names or shapes do not fit. */
  importState(state: Readonly<Record<string, HostTensor>>): void;
  /** Frees the compiled functions and the state. */
  dispose(): Promise<void>;
}
