import type { RowPair, StepLoss } from '@expctr/language-model/training';
import type { z } from 'zod';
import type { LoopConfig, ResolvedLoopConfig } from './loop-options.js';
import type { Ragged } from './ragged.js';
import type { Rollout } from './rollout.js';
import type { ValueHead } from './value-head.js';

/** Settings of an algorithm and of the loop in one flat object, as a program gives them. */
export type AlgorithmConfig<Options extends z.ZodObject = z.ZodObject> = LoopConfig & z.input<Options>;

/** {@link AlgorithmConfig} with nothing left out. */
export type ResolvedConfig<Options extends z.ZodObject = z.ZodObject> = ResolvedLoopConfig & z.output<Options>;

/** What the loop finds out about the rollouts before the first step; each costs a forward pass over all of them. */
export interface Needs {
  /** Log-probabilities under the policy as it was before the update. A value head's algorithm gets them in any case. */
  readonly logProbs: boolean;
  /** Log-probabilities under the reference. False where a KL penalty has the weight 0. */
  readonly reference: boolean;
}

/** A setting that is refused because of others, as the error says it. */
export interface Conflict {
  /** Its name. */
  readonly where: string;
  /** Its value. */
  readonly value: unknown;
  /** What would go with the other settings. */
  readonly expected: string;
  /** How to mend it. */
  readonly remedy: string;
}

/** The scored completions of one update, prompt-major. */
export interface RolloutBatch {
  /** Those with equal `promptIndex` are a group. */
  readonly rollouts: readonly Rollout[];
  /** One for each, the penalty for a missing stop token taken off. */
  readonly scores: readonly number[];
  /** What was taken off each score. Default: nothing. */
  readonly penalties?: readonly number[];
  /** The rewards that the scores were made of, where whoever scores told them apart. */
  readonly components?: readonly RewardComponent[];
}

/** One of several rewards, for the completions of a batch. */
export interface RewardComponent {
  /** Its name. */
  readonly name: string;
  /** What it is multiplied by in the score. */
  readonly weight: number;
  /** One for each completion, as given; null where it does not apply. */
  readonly values: readonly (number | null)[];
}

/** What enters the step. Numbers are indices into {@link RolloutBatch.rollouts}. */
export interface Selection {
  /** Default: all, in order. None: there is no step, and it warns. */
  readonly rows?: readonly number[];
  /** Pairs of these rows that the loss compares; they stay together in whatever a policy is given at once. */
  readonly pairs?: readonly RowPair[];
  /** Figures for the log. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What the models said of the selected completions: ragged, one number for each response token. */
export interface ModelAnswers {
  /** Old log-probabilities in nats, from the policy's own scoring pass, whoever sampled. No rows unless they were asked for. */
  readonly logProbs: Ragged;
  /** The value head's estimates before each token, in reward units. No rows without a value head. */
  readonly values: Ragged;
  /** In nats. Null unless the reference was asked for. */
  readonly referenceLogProbs: Ragged | null;
}

/** What was selected, with all that was asked for. */
export interface ScoredBatch extends RolloutBatch, ModelAnswers {
  /** Numbers remembered from update to update. */
  readonly state: AlgorithmState;
}

/** Numbers that an algorithm remembers from update to update; the log shows them under their names, as used. */
export type AlgorithmState = Readonly<Record<string, number>>;

/** What the step's loss needs beside the model's outputs. */
export interface StepInputs {
  /** Values for each response token, ragged like the rollouts: the loss finds them in `batch.columns`. */
  readonly columns: Readonly<Record<string, Ragged>>;
  /** Numbers that the loss finds in `batch.scalars`, beside those of the loop. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Figures for the log, under trl's names. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** For the next update. Default: as it is. */
  readonly state?: AlgorithmState;
}

/**
 * A policy-optimization algorithm: its advantages, its loss and its options. The loop does the rest: it rolls out, scores,
 * asks policy and reference for log-probabilities, deals minibatches, steps and logs.
 */
export interface Algorithm<Options extends z.ZodObject = z.ZodObject> {
  /** Its one word in a configuration. */
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** Every field has a default and a description with unit and effect; none has the name of one of the loop's. */
  readonly options: Options;
  /** Is a value head on the policy's hidden state trained beside the adapter? */
  readonly valueHead: boolean;
  /** Does it compare the completions of a prompt, so that there must be at least two? */
  readonly groups: boolean;
  /** The setting that makes no sense beside others, if there is one. Each by itself is what `options` allows. Default: none. */
  conflict?(config: ResolvedConfig<Options>): Conflict | undefined;
  /** What must be known of the rollouts before the first step. */
  needs(config: ResolvedConfig<Options>): Needs;
  /** What is remembered, before the first update. Default: nothing. */
  initialState?(config: ResolvedConfig<Options>): AlgorithmState;
  /** Which rollouts enter the step, and which pairs they form. Default: all of them, and none. */
  select?(batch: RolloutBatch, config: ResolvedConfig<Options>): Selection;
  /** What the loss is to know of each response token. */
  advantages(batch: ScoredBatch, config: ResolvedConfig<Options>): StepInputs;
  /**
   * The loss of a micro-batch, traced once. `batch.scalars` holds what the whole minibatch has: `tokens` (response
   * tokens), `sequences` (rows) and, where there are pairs, `pairs`. Without a value head the third argument is empty.
   *
   * Its metrics are logged under their names as means over minibatches, its maxima (their names end in `_max`) as maxima.
   * `val/ratio` (mean ratio) is held against `ratioThreshold`; `val/log_ratio_max` (largest |log ratio|) must be 0 at first.
   */
  loss(config: ResolvedConfig<Options>): StepLoss<ValueHead>;
}
