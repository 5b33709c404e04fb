import { modelAsset } from '@expctr/test-support';
import { loadCheckpoint, type Checkpoint } from '../../src/formats/checkpoint.js';
import { createPolicy, type CausalLM, type PolicyOptions } from '../../src/policy/causal-lm.js';

/** The small real model that most tests use. */
export const stories = modelAsset('stories260K');

let loaded: Promise<Checkpoint> | undefined;

export function storiesCheckpoint(): Promise<Checkpoint> {
  return (loaded ??= loadCheckpoint(stories.path));
}

export async function storiesPolicy(options: PolicyOptions = {}): Promise<CausalLM> {
  return createPolicy(await storiesCheckpoint(), null, options);
}

/** Token ids that look like text to nobody but are as good as any. */
export function tokens(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => 3 + ((seed * 131 + i * 197 + ((i * i * seed) % 89)) % 509));
}
