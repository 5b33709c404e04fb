import type { Backbone } from '@expctr/ctr-models';
import type { Dataset } from '@expctr/data';
import type { EncoderPart } from '@expctr/encoder';
import type { SamplerPart } from '@expctr/language-model';
import type { ModelFamily } from '@expctr/llm-lora';
import type { Algorithm } from '@expctr/ppo';
import type { Reward } from '@expctr/rewards';

/** Everything that a run can swap, by kind: what it is named by in a configuration, and what it is. */
export interface Parts {
  /** `dataset` */
  readonly datasets: readonly Dataset[];
  /** what a checkpoint's own files name */
  readonly families: readonly ModelFamily[];
  /** `sampler.kind` */
  readonly samplers: readonly SamplerPart[];
  /** `encoder.model` up to its colon */
  readonly encoders: readonly EncoderPart[];
  /** `ctr.backbone` */
  readonly backbones: readonly Backbone[];
  /** `rewards.stage1` and `rewards.stage3` */
  readonly rewards: readonly Reward[];
  /** `ppo.algorithm` */
  readonly algorithms: readonly Algorithm[];
}

/** A kind of part. */
export type PartKind = keyof Parts;

/** What a plug-in module exports as `plugin`: parts of any kinds. */
export interface Plugin extends Partial<Parts> {
  /** What a run records it under. */
  readonly name: string;
  /** Recorded in the run. Default: that of the package that it stands in. */
  readonly version?: string;
}

/** What a run's config.json says of a plug-in. */
export interface PluginRecord {
  /** A package's name or a file's absolute path; null for one that a program handed over. */
  readonly module: string | null;
  /** Its own name. */
  readonly name: string;
  /** Null where neither it nor its package says one. */
  readonly version: string | null;
}
