import type { Rng } from '@expctr/core';
import type { HostTensor, Optimizer } from '@expctr/tfjs-backend-onnx';
import type { Sampler, TokenIds } from '@expctr/language-model';
import type { TrainablePolicy } from '@expctr/language-model/training';
import type { z } from 'zod';
import type { Algorithm, AlgorithmConfig, AlgorithmState } from './algorithm.js';
import type { AlgorithmName, algorithms } from './algorithms/table.js';
import type { rolloutLimits } from './loop-options.js';
import type { Rollout } from './rollout.js';

/**
 * What a policy is held close to by the KL penalty.
 *
 * - 'base': the base model, adapter off. Right only for an adapter that begins at zero, which the first update checks.
 * - 'copy': a frozen copy of the adapter as it is at the first update, under the name `<adapter>-reference`. Right for
 *   an adapter that was trained before.
 * - `{ adapter }`: an adapter of that name which the caller keeps.
 */
export type Reference = 'base' | 'copy' | AdapterReference;

/** A reference that the caller keeps. */
export interface AdapterReference {
  /** Name of the adapter, not the trained one. */
  readonly adapter: string;
}

/** Something that a user should know and that stops nothing. */
export interface LearnerWarning {
  /** Stable: `PPO_NOT_PURE_SAMPLES`, `PPO_RATIO_NOT_ONE`, `PPO_NOTHING_SCORED`, `PPO_NOTHING_SELECTED`. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** The settings of an algorithm that is given by its name or itself. For a name that the compiler does not know, anything. */
export type ConfigOf<A extends string | Algorithm> =
  PartOf<A> extends Algorithm<infer Options> ? AlgorithmConfig<Options> : z.input<typeof rolloutLimits> & Readonly<Record<string, unknown>>;

type PartOf<A> = A extends AlgorithmName ? (typeof algorithms)[A] : A;

/** Arguments of `createLearner`. */
export interface LearnerOptions<A extends string | Algorithm = string | Algorithm> {
  /** A name in `algorithms`, or an algorithm of one's own. */
  readonly algorithm: A;
  /** Where a name is looked up. Default: the built-in ones. */
  readonly algorithms?: Readonly<Record<string, Algorithm>>;
  /** Trains the adapter that is active now, and says how probable completions are. */
  readonly policy: TrainablePolicy;
  /**
   * Writes the completions. Default: the policy. One with `publish` gets the adapter before each rollout, under a new
   * version name, and its completions must carry that version; one without must share the policy's adapters.
   */
  readonly sampler?: Sampler;
  /** Folder in which adapters lie while they are published; the sampler must see it. Default: a temporary one. */
  readonly publishFolder?: string;
  /** Settings of the loop and of the algorithm. */
  readonly config: ConfigOf<A>;
  /** What a KL penalty holds the policy to; an algorithm without one never looks at it. */
  readonly reference: Reference;
  /** Only streams forked from it by the names `update` and step are drawn, so that a resumed run repeats them. */
  readonly rng: Rng;
  /** Default: Adam after clipping the global norm. */
  readonly optimizer?: Optimizer;
  /** Default: `process.emitWarning`. */
  readonly onWarning?: (warning: LearnerWarning) => void;
}

/** Scores with the rewards that they were made of, for algorithms that treat each by itself. */
export interface ComponentScores {
  /** The scores. */
  readonly total: ArrayLike<number | null>;
  /** What each reward gave, unweighted; null where it does not apply. */
  readonly components: Readonly<Record<string, ArrayLike<number | null>>>;
  /** What each is multiplied by in the total, by the same names. */
  readonly weights: Readonly<Record<string, number>>;
}

/** A reward for completions; null = does not apply, and the completion takes no part in the update. */
export type ScoreFunction = (completions: readonly Rollout[]) => Promise<ArrayLike<number | null> | ComponentScores>;

/** The parts of an update, in order; a caller may time them. */
export type UpdatePhase = 'generate' | 'score' | 'log-probabilities' | 'optimize';

/** One update. */
export interface UpdateRequest {
  /** Token ids of the prompts, not padded. */
  readonly prompts: readonly TokenIds[];
  /** Called once for each rollout (`refillRounds` may ask for several), with its completions cut at their stop tokens. */
  readonly score: ScoreFunction;
  /**
   * Further prompts, at most `count`; fewer, or none, where there are no more. Their numbers (`promptIndex`) go on from those before.
   * Needed with `refillRounds`; @param round 1, 2, ...
   */
  readonly more?: (count: number, round: number) => readonly TokenIds[] | Promise<readonly TokenIds[]>;
  /** Number of the update (0, 1, 2, ...): names the random streams and is what a schedule sees. */
  readonly step: number;
  /** Called as each part begins. */
  readonly onPhase?: (phase: UpdatePhase) => void;
  /** Handed to the sampler. */
  readonly onProgress?: (done: number, most: number) => void;
}

/** A completion with what it earned. */
export interface ScoredRollout extends Rollout {
  /** What `score` gave, before any penalty. */
  readonly score: number | null;
  /** What each reward gave, where `score` told them apart. */
  readonly components?: Readonly<Record<string, number | null>>;
}

/** What an update did. */
export interface UpdateReport {
  /** Plain finite numbers under trl's names; each is described in the package's README. */
  readonly metrics: Record<string, number>;
  /** In the sampler's order, prompt-major, one rollout after the other. */
  readonly completions: readonly ScoredRollout[];
}

/** All that a learner must remember beside the policy's adapters; `tensors` apart, it is plain JSON. */
export interface LearnerState {
  /** Name of the algorithm that wrote it. */
  readonly algorithm: string;
  /** Updates done. */
  readonly updates: number;
  /** What the algorithm remembers, for the next update. */
  readonly state: AlgorithmState;
  /** Name of the reference adapter (save it with the trained one), null = base model, undefined = not fixed yet, or not needed. */
  readonly reference?: string | null;
  /** Optimizer moments and the parameters trained beside the adapter. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
}

/** An algorithm at work on a policy. */
export interface Learner {
  /** Rolls out, scores, and improves the policy once. */
  update(request: UpdateRequest): Promise<UpdateReport>;
  /** A snapshot between two updates. Together with the adapters (reference included) it continues to the same bits. */
  exportState(): LearnerState;
  /** @throws PpoError PPO_STATE for another algorithm's state, PPO_REFERENCE where its reference adapter is not there */
  importState(state: LearnerState): void;
  /** Frees what was compiled and removes what was published; the adapters stay. */
  dispose(): Promise<void>;
}
