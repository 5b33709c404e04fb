import type { HostTensor } from '@expctr/tfjs-backend-onnx';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { TokenIds } from './tokenizer.js';

/** Two rows of a batch that a loss compares (a preferred response and another one): `[chosen, rejected]`. */
export type RowPair = readonly [chosen: number, rejected: number];

/** Rows of prompt and response as ragged arrays; the policy pads them as it likes. */
export interface TokenBatch {
  /** `prompts[i]` is the context of `responses[i]`; rows with equal prompts may share their computation. */
  readonly prompts: readonly TokenIds[];
  /** At least one token each. */
  readonly responses: readonly TokenIds[];
  /** Logits are divided by it before every log-probability and entropy. Default 1. */
  readonly temperature?: number;
  /** Values per response token, ragged like `responses`; they reach a loss as `TracedBatch.columns`. */
  readonly columns?: Readonly<Record<string, readonly Float32Array[]>>;
  /** Numbers that reach a loss as `TracedBatch.scalars`. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Rows that a loss compares: the policy never parts them, however it splits the batch. They reach a loss as `TracedBatch.pairs`. */
  readonly pairs?: readonly RowPair[];
  /**
   * Whether rows of different prompts may be put into one sequence, each seeing itself alone: less padding and fewer shapes where
   * lengths differ and prompts do not repeat. Log-probabilities and gradients are the same but for rounding. Default false.
   */
  readonly pack?: boolean;
}

/** What the model says about the response tokens of a batch; R is the padded response length. On padding: anything finite. */
export interface TokenOutputs {
  /** [rows, R] float32: log-probability of each given response token in nats, of logits divided by the temperature. */
  readonly logProbs: Tensor2D;
  /** [rows, R] float32: entropy in nats of the distribution that each response token was drawn from. */
  readonly entropy: Tensor2D;
  /** [rows, R, hidden] float32: final-norm state that predicts each response token (that of the token before it). */
  readonly hidden: Tensor3D;
}

/** The pairs of a batch while a loss is traced; P is their padded number. */
export interface TracedPairs {
  /** [P] int32: row of the chosen response; 0 on padding. */
  readonly chosen: Tensor1D;
  /** [P] int32: row of the rejected response; 0 on padding. */
  readonly rejected: Tensor1D;
  /** [P] float32: 1 on pairs, 0 on padding. */
  readonly mask: Tensor1D;
}

/** The batch as a loss sees it while it is traced. */
export interface TracedBatch {
  /**
   * [rows, R] float32: 1 on response tokens, 0 on padding. It comes from lengths, never from comparing with a pad id.
   * Rows that a policy adds to fill a shape are 0 throughout.
   */
  readonly mask: Tensor2D;
  /** [rows, R] float32, zero on padding. */
  readonly columns: Readonly<Record<string, Tensor2D>>;
  /** The numbers of `TokenBatch.scalars`. */
  readonly scalars: Readonly<Record<string, Scalar>>;
  /** The pairs among these rows; absent where the batch has none. */
  readonly pairs?: TracedPairs;
}

/** A tree of tensors `P` with each tensor replaced by its host form. */
export type HostTreeOf<P> = P extends Tensor ? HostTensor : { readonly [K in keyof P]: HostTreeOf<P[K]> };
