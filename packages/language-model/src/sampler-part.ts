import type { z } from 'zod';
import type { Sampler } from './sampler.js';

/** What a sampler is opened with. */
export interface SamplerRequest {
  /** The policy of this process, which is a sampler itself. */
  readonly policy: Sampler;
  /** The base model as the run names it: a folder, a file or a hub id. */
  readonly model: string;
  /** Commit of a model from the hub: other commits may have other weights. */
  readonly revision?: string;
  /** Token ids are below it. */
  readonly vocabularySize?: number;
  /** Most sequences that are to be decoded at a time. */
  readonly sequences: number;
}

/** A kind of sampler that a configuration can name. `O` is what its options are once parsed. */
export interface SamplerPart<O extends object = Readonly<Record<string, unknown>>> {
  /** What `sampler.kind` names. */
  readonly name: string;
  /** One line for `--help`. */
  readonly description: string;
  /** Its own options, each with a default and a description. */
  readonly options: z.ZodObject & z.ZodType<O>;
  /** Connects. @throws ExpctrError where there is nothing to connect to */
  open(request: SamplerRequest, options: O): Promise<Sampler>;
}
