import type { Tensor2D } from '@tensorflow/tfjs';
import type { HostTreeOf, TokenBatch, TokenOutputs } from './token-batch.js';

/** What a head computes per response token, [rows, R] each, with parameters `P` of its own. */
export type ScoreHead<P> = (out: TokenOutputs, extra: P) => Record<string, Tensor2D>;

/** A compiled scoring pass. */
export interface Score<P> {
  /**
   * The head's outputs as ragged rows, each as long as its response.
   * @param adapter null = the base model
   * @param extra the head's parameters
   */
  run(batch: TokenBatch, adapter: string | null, extra: HostTreeOf<P>): Promise<Record<string, Float32Array[]>>;
  /** Frees the compiled functions. */
  dispose(): Promise<void>;
}
