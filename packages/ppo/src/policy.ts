import type { Rng } from '@expctr/core';
import type { HostTensor, Optimizer } from '@expctr/tfjs-backend-onnx';
import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';

/** Token ids of one text, not padded: an array or a typed array of non-negative integers. */
export type TokenIds = ArrayLike<number>;

/** How completions are drawn. */
export interface SamplingOptions {
  /** Upper bound of a completion's length in tokens, the stop token included. */
  readonly maxNewTokens: number;
  /** Logits are divided by it before the softmax. Default 1; 0 = greedy. */
  readonly temperature?: number;
  /** Keep only the k most probable tokens. Default: all. */
  readonly topK?: number;
  /** Keep the smallest set of tokens with at least this probability. Default 1: all. */
  readonly topP?: number;
  /** A completion ends with the first of these tokens (which it contains). */
  readonly stopTokenIds: readonly number[];
  /** The stream of a completion is `rng.fork(promptIndex, completionIndex)`: the composition of a batch changes no completion. */
  readonly rng: Rng;
  /** Completions for each prompt. Default 1. */
  readonly completionsPerPrompt?: number;
  /** Which adapter generates. Default: the active one; null = the base model. */
  readonly adapter?: string | null;
  /** Called now and then with the tokens sampled so far and the most that there can be. */
  readonly onProgress?: (done: number, most: number) => void;
}

/** One sampled response. */
export interface Completion {
  /** Index into the prompts given to `generate`. */
  readonly promptIndex: number;
  /** The response alone, without its prompt; its last token is the stop token when `finishReason` is 'stop'. */
  readonly tokens: Int32Array;
  /**
   * The sampler's own log-probability of each token, in nats, at the sampling temperature. A sampler may run on int8
   * weights: policy optimization uses these for the metric `sampler/logprob_mismatch` only.
   */
  readonly logProbs: Float32Array;
  /** 'stop': ended by a stop token; 'length': cut at `maxNewTokens`. */
  readonly finishReason: 'stop' | 'length';
}

/** Something that completes prompts: a model in this process, or a server. */
export interface Sampler {
  /** Completions in prompt-major order: all of prompt 0, then all of prompt 1, ... */
  generate(prompts: readonly TokenIds[], options: SamplingOptions): Promise<Completion[]>;
}

/** Rows of prompt and response as ragged arrays; the policy pads them as it likes. */
export interface TokenBatch {
  /** `prompts[i]` is the context of `responses[i]`. */
  readonly prompts: readonly TokenIds[];
  /** At least one token each. */
  readonly responses: readonly TokenIds[];
  /** Logits are divided by it before every log-probability and entropy. Default 1. */
  readonly temperature?: number;
  /** Values per response token, ragged like `responses`; they reach a loss as `TracedBatch.columns`. */
  readonly columns?: Readonly<Record<string, readonly Float32Array[]>>;
  /** Numbers that reach a loss as `TracedBatch.scalars`. */
  readonly scalars?: Readonly<Record<string, number>>;
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
}

/** A tree of tensors `P` with each tensor replaced by its host form. */
export type HostTreeOf<P> = P extends Tensor ? HostTensor : { readonly [K in keyof P]: HostTreeOf<P[K]> };

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
  /** Takes back what {@link exportState} gave. @throws when names or shapes do not fit. */
  importState(state: Readonly<Record<string, HostTensor>>): void;
  /** Frees the compiled functions and the state. */
  dispose(): void | Promise<void>;
}

/** Named adapters of one base model; `Adapter` is whatever the policy stores. */
export interface AdapterStore<Adapter = unknown> {
  /** The name of the adapter that `generate` uses by default and that a step trains; empty while there is none. */
  readonly active: string;
  /** All adapters, in order of creation. */
  names(): string[];
  /** A fresh adapter that changes nothing yet (LoRA: B = 0). */
  create(name: string, rng: Rng): void;
  /** An independent copy; replaces `to` where it exists. */
  copy(from: string, to: string): void;
  /** Makes an adapter the active one. */
  activate(name: string): void;
  /** Forgets an adapter. */
  delete(name: string): void;
  /** Writes an adapter to a folder. */
  save(name: string, folder: string): Promise<void>;
  /** Reads an adapter from a folder under a name. */
  load(folder: string, name: string): Promise<void>;
  /** The adapter's tensors. */
  get(name: string): Adapter;
  /** Puts an adapter under a name, in place of one of that name. */
  set(name: string, adapter: Adapter): void;
}

/** A compiled scoring pass: the head's outputs as ragged rows, each as long as its response. */
export type Score<P> = (batch: TokenBatch, adapter: string | null, extra: HostTreeOf<P>) => Promise<Record<string, Float32Array[]>>;

/**
 * A language model that can be trained: base model plus adapter.
 *
 * Exactness: for a batch with the same rows in the same order, `compileScore` and `compileStep` give logProbs that are
 * equal to the last bit (before the update); any other chunking or padding moves them by less than 1e-4. Dropout is off.
 */
export interface Policy<Adapter = unknown> extends Sampler {
  /** Last dimension of `TokenOutputs.hidden`. */
  readonly hiddenSize: number;
  /** Log-probabilities of the response tokens in nats, ragged like `batch.responses`; adapter null = the base model. */
  logProbabilities(batch: TokenBatch, adapter: string | null): Promise<Float32Array[]>;
  /** Compiles a forward pass that returns whatever `head` computes per response token, [rows, R] each. */
  compileScore<P>(head: (out: TokenOutputs, extra: P) => Record<string, Tensor2D>): Promise<Score<P>>;
  /** Compiles a training step of the adapter that is active now, and of `extra` beside it. */
  compileStep<P>(loss: StepLoss<P>, optimizer: Optimizer, extra: HostTreeOf<P>): Promise<TrainStep<P>>;
  /** The named adapters. */
  readonly adapters: AdapterStore<Adapter>;
}
