import type { CompileOptions } from '@expctr/tfjs-backend-onnx';
import type { HostLora } from '../lora/applied-lora.js';
import type { LoraStore } from '../lora/lora-store.js';
import type { ModelWeights } from '../model/weights.js';
import { PolicyError } from './errors.js';

/** Bounds on memory. */
export interface PolicyLimits {
  /**
   * Padded tokens of a run of the scoring and training functions, which must agree for exactness; a prompt with its completions
   * may take twice as many. What a training function keeps for its backward pass grows with it; weights stored small are unpacked for each. Default 512.
   */
  readonly batchTokens: number;
  /**
   * Whether a training function computes each layer a second time in its backward pass in place of keeping what it made: a third
   * more work, a fraction of the memory. Log-probabilities do not change by a bit. Default false.
   */
  readonly recomputeLayers?: boolean;
  /** Padded tokens of a run of prefill and of answer reading. Default 2048. */
  readonly readTokens: number;
  /** Most sequences that are decoded at a time. It changes no text. Default 64: of more, each waits for its own keys and values all the same. */
  readonly sequences: number;
  /** Bytes of keys and values of the sequences that are decoded at a time; one is, whatever it needs. It changes no text. Default 2^30. */
  readonly cacheBytes: number;
  /**
   * Compiled functions that each use (scoring, training, prefill, reading) keeps; the one used longest ago makes room. Default: 2^28
   * over the model's weights, but at least 12 and at most 96.
   */
  readonly compiledFunctions: number;
  /** Compiled decoding functions that are kept; each may hold a packed copy of the weights. Default 2. */
  readonly decoders: number;
  /** Entries of the vocabulary whose logits exist at a time in scoring and training. Default 2048: a part stays in cache. */
  readonly vocabularyPart: number;
  /**
   * Where decoding functions have the weights: as constants, which ONNX Runtime packs once (twice as fast on few rows, but a
   * copy for each function), or as inputs, which share the one copy. Default: constants up to 2^28 weights.
   */
  readonly decoderWeights: 'constants' | 'inputs';
}

/** What the parts of a policy share. */
export interface PolicyContext {
  readonly weights: ModelWeights;
  readonly adapters: LoraStore;
  readonly limits: PolicyLimits;
  readonly compileOptions: Pick<CompileOptions, 'threads'>;
  /** The adapter by name; null is the base model in the graphs of the active adapter, or without any where there is none. */
  lora(name: string | null): Promise<HostLora | null>;
  /** Registers what frees memory when the policy is disposed of. @returns takes it off the list again */
  onDispose(free: () => Promise<void>): () => void;
}

/** Compiled functions that are freed with the policy, or before. */
export interface Lifetime {
  /** @throws {@link PolicyError} once they are freed */
  readonly check: () => void;
  /** Frees them; a second time does nothing. */
  readonly dispose: () => Promise<void>;
}

/** @param what names them in the error of whoever runs them later @param free frees them */
export function lifetimeOf(context: PolicyContext, what: string, free: () => Promise<unknown>): Lifetime {
  let disposed = false;
  const dispose = async (): Promise<void> => {
    if (disposed) return;
    disposed = true;
    forget();
    await free();
  };
  const forget = context.onDispose(dispose);
  return {
    dispose,
    check() {
      if (!disposed) return;
      throw new PolicyError('POLICY_DISPOSED', `the ${what} was disposed of`, { where: what, remedy: `compile the ${what} again` });
    },
  };
}
