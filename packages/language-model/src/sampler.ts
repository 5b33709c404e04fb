import type { SeedPath } from '@expctr/core';
import type { Constraint } from './constraint.js';
import type { TokenIds } from './tokenizer.js';

/**
 * How completions are drawn. All of it but callbacks, `signal` and a constraint of your own is plain JSON, so that a request can go to
 * another process. What changes a distribution does so in the order of transformers: penalties, constraint, temperature, `topK`, `topP`,
 * `minP`. Greedy texts know penalties and constraint alone. A sampler that cannot do what is asked refuses it by its name.
 */
export interface SamplingOptions {
  /** Upper bound of a completion's length in tokens, the stop token included. */
  readonly maxNewTokens: number;
  /** Logits are divided by it before the softmax. Default 1; 0 = greedy. */
  readonly temperature?: number;
  /** Keep only the k most probable tokens. Default: all. */
  readonly topK?: number;
  /** Keep the smallest set of tokens with at least this probability. Default 1: all. */
  readonly topP?: number;
  /** Keep only tokens that are at least this times as probable as the most probable one. From 0 to 1. Default 0: all. */
  readonly minP?: number;
  /**
   * Logits of tokens that prompt or response have are divided by it where they are positive, multiplied where they are negative (Keskar
   * et al. 2019, equation 5, as transformers has it). Above 1 it keeps from repeating. Default 1: none.
   */
  readonly repetitionPenalty?: number;
  /** Taken from the logits of tokens that the response has, behind `repetitionPenalty`, as in the OpenAI API. Default 0. */
  readonly presencePenalty?: number;
  /** Taken from a token's logit for each time that the response has it, behind `repetitionPenalty`. Default 0. */
  readonly frequencyPenalty?: number;
  /** What the response may be. A completion ends with the token after which nothing more may come. Default: anything. */
  readonly constraint?: Constraint;
  /** A completion ends with the first of these tokens (which it contains). */
  readonly stopTokenIds: readonly number[];
  /**
   * A completion ends with the first token after which its text, as `Tokenizer.decodeText` gives it, contains one of these. It contains
   * that token whole, and so the text and what the token has behind it. Not together with `choices` or `jsonSchema`.
   */
  readonly stopStrings?: readonly string[];
  /**
   * Completion c of prompt i draws from the stream `[...seed, keys[i], c]`: which prompts stand in one call, and in which order,
   * changes no completion.
   */
  readonly seed: SeedPath;
  /** What names the prompts' streams, one a prompt. Default their positions 0, 1, 2, … */
  readonly keys?: readonly (number | string)[];
  /** Completions for each prompt. Default 1. */
  readonly completionsPerPrompt?: number;
  /** Which adapter generates. Default: the active one; null = the base model. */
  readonly adapter?: string | null;
  /** Called now and then with the tokens sampled so far and the most that there can be. */
  readonly onProgress?: (done: number, most: number) => void;
  /** Called with each token as it is drawn, the stop token included: for texts that are shown while they are written. Servers do not. */
  readonly onToken?: (token: number, promptIndex: number, completion: number) => void;
  /** Called with each completion as it ends, and which of its prompt's it is. */
  readonly onCompletion?: (made: Completion, completion: number) => void;
  /** Aborted, the call ends as soon as it can and throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One sampled response. */
export interface Completion {
  /** Index into the prompts given to `generate`. */
  readonly promptIndex: number;
  /** The response alone, without its prompt; where a stop token or stop string ended it, that token is its last one. */
  readonly tokens: Int32Array;
  /**
   * The sampler's own log-probability of each token, in nats, at the sampling temperature, before penalties, constraint, top-k, top-p and
   * min-p: that of the model, as `TrainablePolicy.logProbabilities` says it of the same tokens. At temperature 0 that of temperature 1;
   * NaN where a server does not say it. A sampler may run on int8 weights or on another machine: policy optimization never trains on these.
   */
  readonly logProbs: Float32Array;
  /** 'stop': ended by a stop token, by a stop string or by what its constraint says; 'length': cut at `maxNewTokens`. */
  readonly finishReason: 'stop' | 'length';
  /** The version given to {@link Sampler.publish} whose adapter wrote this; absent where nothing was published. */
  readonly version?: string;
}

/** Something that completes prompts: a model in this process, or a server. */
export interface Sampler {
  /** Completions in prompt-major order: all of prompt 0, then all of prompt 1, ... */
  generate(prompts: readonly TokenIds[], options: SamplingOptions): Promise<Completion[]>;
  /**
   * Takes the adapter that the active one is from now on, for a sampler that does not share memory with the policy.
   * @param folder the adapter in PEFT's format
   * @param version a name that was never used before: reloading under an old one would serve stale caches
   */
  publish?(folder: string, version: string): Promise<void>;
  /** Ends connections and frees memory. */
  dispose?(): Promise<void>;
}
