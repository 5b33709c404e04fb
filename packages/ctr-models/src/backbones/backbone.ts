import type { Rng } from '@expctr/core';
import type { HostTensor, MappedTree } from '@expctr/tfjs-backend-onnx';
import type * as tf from '@tensorflow/tfjs';
import type { z } from 'zod';
import type { FeatureSchema } from '../features/schema.js';

/**
 * Past events of each row of a batch, unpooled, oldest first. L is at least the number of events of any row, and has no meaning of its
 * own: more padding must not change what a backbone computes.
 */
export interface EventSequence {
  /** The embeddings of the feature's fields side by side, sets of values pooled for each event; zeros behind the last: [batch, L, fields * dimension]. */
  readonly rows: tf.Tensor3D;
  /** 1 for an event, 0 behind the last: [batch, L]. */
  readonly mask: tf.Tensor2D;
  /** The row's own embeddings of the fields that have a target, in their order, side by side: [batch, targets * dimension]; absent without such. */
  readonly target?: tf.Tensor2D;
  /** Events of a row that count, as the schema has it. L is no larger but in an exported graph, which takes lists of any length. */
  readonly maxLength: number;
  /** 1 for an event that shares a known value of a field with the row itself, for a backbone that asks by {@link Backbone.searches}: [batch, L]. */
  readonly shared?: tf.Tensor2D;
}

/**
 * What a backbone sees of a batch. The embedding tables themselves are not in reach: their rows come gathered, their gradient is an output
 * of the training step, and JavaScript updates the rows of the batch in place.
 */
export interface FeatureBatch {
  /** One embedding for each table feature, multi-valued and sequence features pooled: [batch, fields, dimension]. */
  readonly embeddings: tf.Tensor3D;
  /** The first-order weight of each table feature's value, pooled likewise: [batch, fields]. */
  readonly firstOrder: tf.Tensor2D;
  /** Standardized numbers [batch, numeric features]; absent where the schema has none. */
  readonly numeric?: tf.Tensor2D;
  /** Standardized dense vectors by feature name: [batch, dimension of the feature]. */
  readonly dense: Readonly<Record<string, tf.Tensor2D>>;
  /** The `events` features by name, for a backbone that asks for them ({@link Backbone.usesSequences}); none for others. */
  readonly sequences: Readonly<Record<string, EventSequence>>;
  /** Dropout masks by the name given in {@link Backbone.noise}: 0 or 1 / keep, [batch, width]. Absent when predicting. */
  readonly noise?: Readonly<Record<string, tf.Tensor2D>>;
}

/** A dropout mask that a backbone wants in training. */
export interface DropoutMask {
  /** Units. */
  readonly width: number;
  /** Share of units dropped, in [0, 1). */
  readonly rate: number;
}

/** How a dense vector enters a backbone with embeddings. Besides, it has first-order weights in any case. */
export const FUSIONS = ['field', 'deep', 'both', 'gate'] as const;

/** One of {@link FUSIONS}. */
export type Fusion = (typeof FUSIONS)[number];

/** What every backbone is told besides its own options. To be passed on to `initFields` and `deepBlocks`, which alone know what they mean. */
export interface BackboneOptions {
  /** Components of a field embedding. */
  readonly embeddingDimension: number;
  /** How dense vectors enter. Default `field`. */
  readonly fusion?: Fusion;
}

/** Parameters in JavaScript memory: the tree `P` with host tensors (float32) as leaves. */
export type HostParameters<P> = MappedTree<P, HostTensor>;

/** A tree of parameters with named parts. */
export interface ParameterTree {
  readonly [name: string]: tf.Tensor | ParameterTree | readonly (tf.Tensor | ParameterTree)[];
}

/**
 * A CTR model as two pure functions over a parameter tree `P` (embedding tables excluded), with options of its own; `O` is what these
 * are once parsed. The same code runs traced to ONNX or eagerly on any tfjs backend.
 */
export interface Backbone<P extends object = ParameterTree, O extends object = object> {
  /** Name in configurations and in saved models. */
  readonly name: string;
  /** One line for help texts. */
  readonly description: string;
  /**
   * Its options: every field with a default and a description. They stand beside {@link fitOptions} in one object, so their names must
   * differ from those, and from `backbone`.
   */
  readonly options: z.ZodObject & z.ZodType<O>;
  /** False for a backbone that reads `firstOrder` alone; its tables then have no embedding columns. */
  readonly usesEmbeddings: boolean;
  /** True for a backbone that reads `sequences`, which costs time and memory and is left out for others. It uses embeddings, too. */
  readonly usesSequences?: boolean;
  /**
   * Initial parameters. Each tensor should take its own stream, `rng.fork(name)`, so that one more feature leaves the initial
   * values of the others as they were: predictors that differ in one dense column are then compared in pairs.
   */
  init(schema: FeatureSchema, options: O & BackboneOptions, rng: Rng): HostParameters<P>;
  /** Log-odds of label 1, [batch, 1]. Pure; must not mix rows of the batch. */
  logits(params: P, batch: FeatureBatch): tf.Tensor2D;
  /**
   * By events feature, the field with a target by which past events are compared with the row: which of them share a value of it comes in
   * {@link EventSequence.shared}. It costs time and is left out for others.
   */
  searches?(schema: FeatureSchema, options: O): Readonly<Record<string, string>>;
  /** Dropout masks wanted in training: by the name under which they stand in {@link FeatureBatch.noise}. */
  noise?(options: O): Readonly<Record<string, DropoutMask>>;
}
