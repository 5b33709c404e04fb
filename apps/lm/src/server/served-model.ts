import type { CausalLM } from '@expctr/llm-lora';
import { LmRequestError } from './refusals.js';
import { quoted } from '@expctr/app-kit/http';
import type { LmServeOptions } from './options.js';
import type { SharedSampler } from './shared-sampler.js';

/** A model that answers, and what requests call it and its adapters. */
export interface ServedModel {
  readonly policy: CausalLM;
  /** What requests call it. */
  readonly name: string;
  readonly sampler: SharedSampler;
  readonly options: LmServeOptions;
  /** Names of adapters that requests can name, with when they were loaded, in seconds since 1970. */
  readonly adapters: Map<string, number>;
  /** When the model began to be served, in seconds since 1970. */
  readonly created: number;
  /** A name for an answer that was not used before. */
  nextId(prefix: string): string;
}

/** What a request names: the model as it is (null), or one of its adapters. @throws LmRequestError `LM_NO_MODEL` */
export function adapterNamed({ name, adapters }: ServedModel, model: string | undefined): string | null {
  if (model === undefined || model === name) return null;
  if (adapters.has(model)) return model;
  throw new LmRequestError('LM_NO_MODEL', `the model ${quoted(model)} does not exist`, {
    where: 'model',
    expected: `one of ${[name, ...adapters.keys()].join(', ')}`,
  });
}
