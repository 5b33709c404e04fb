import type { CompileOptions } from '@expctr/tfjs-backend-onnx';
import type { AdapterStore, HostLora } from '../lora/adapter-store.js';
import type { ModelWeights } from '../model/weights.js';

/** Bounds on memory. */
export interface PolicyLimits {
  /**
   * Padded tokens of a run of the scoring and training functions, which must agree for exactness; a prompt with its completions
   * may take twice as many. What a training function keeps for its backward pass grows with it, its speed does not. Default 384.
   */
  readonly batchTokens: number;
  /**
   * Whether a training function computes each layer a second time in its backward pass in place of keeping what it made: a third
   * more work, a fraction of the memory. Log-probabilities do not change by a bit. Default false.
   */
  readonly recomputeLayers?: boolean;
  /** Padded tokens of a run of prefill and of answer reading. Default 2048. */
  readonly readTokens: number;
  /** Sequences that are decoded at a time. Default 32. */
  readonly sequences: number;
  /** Compiled functions that each use (scoring, training, prefill, reading) keeps; the one used longest ago makes room. Default 12. */
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
  readonly adapters: AdapterStore;
  readonly limits: PolicyLimits;
  readonly compileOptions: Pick<CompileOptions, 'threads'>;
  /** The adapter by name; null is the base model in the graphs of the active adapter, or without any where there is none. */
  lora(name: string | null): HostLora | null;
  /** Registers what frees memory when the policy is disposed of. */
  onDispose(free: () => Promise<void>): void;
}
