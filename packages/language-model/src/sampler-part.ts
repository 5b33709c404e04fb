import type { z } from 'zod';
import type { Sampler } from './sampler.js';

/** What a sampler is opened with. */
export interface SamplerRequest {
  /** The base model as the run names it: a folder, a file or a hub id. */
  readonly model: string;
  /** Most sequences that are to be decoded at a time. */
  readonly sequences: number;
}

/** A kind of sampler that a configuration can name: completions from somewhere else than the policy itself. */
export interface SamplerPart<O extends z.ZodObject = z.ZodObject> {
  /** What `sampler.kind` names. */
  readonly name: string;
  /** One line for `--help`. */
  readonly description: string;
  /** Its own options, each with a default and a description. */
  readonly options: O;
  /** Connects. @throws ExpctrError where there is nothing to connect to */
  open(request: SamplerRequest, options: z.output<O>): Promise<Sampler>;
}
