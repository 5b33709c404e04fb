import type { Optimizer } from '@expctr/tfjs-backend-onnx';
import type { AdapterStore } from './adapter-store.js';
import type { Sampler } from './sampler.js';
import type { Score, ScoreHead } from './score.js';
import type { HostTreeOf, TokenBatch } from './token-batch.js';
import type { StepLoss, TrainStep } from './train-step.js';

/**
 * A language model that can be trained: base model plus adapter.
 *
 * Exactness: for a batch with the same rows in the same order, `compileScore` and `compileStep` give logProbs that are
 * equal to the last bit (before the update); any other chunking or padding moves them by less than 1e-4. Dropout is off.
 */
export interface TrainablePolicy<Adapter = unknown> extends Sampler {
  /** Last dimension of `TokenOutputs.hidden`. */
  readonly hiddenSize: number;
  /** The named adapters. */
  readonly adapters: AdapterStore<Adapter>;
  /** Log-probabilities of the response tokens in nats, ragged like `batch.responses`; adapter null = the base model. */
  logProbabilities(batch: TokenBatch, adapter: string | null): Promise<Float32Array[]>;
  /** Compiles a forward pass that returns whatever `head` computes per response token, [rows, R] each. */
  compileScore<P>(head: ScoreHead<P>): Promise<Score<P>>;
  /** Compiles a training step of the adapter that is active now, and of `extra` beside it. */
  compileStep<P>(loss: StepLoss<P>, optimizer: Optimizer, extra: HostTreeOf<P>): Promise<TrainStep<P>>;
}
