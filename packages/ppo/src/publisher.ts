import { checkOptions, type OptionKeys } from '@expctr/core';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sampler } from '@expctr/language-model';
import type { TrainablePolicy } from '@expctr/language-model/training';

/** Gives a sampler the adapter as it is now. */
export interface Publisher {
  /** Under a version name that no sampler has seen before. @returns the names that a completion may carry, the newest first */
  publish(): Promise<readonly string[]>;
  /** Removes the files. */
  dispose(): Promise<void>;
}

/** Arguments of {@link createPublisher}. */
export interface PublisherOptions {
  /** Holds the adapter. */
  readonly policy: TrainablePolicy;
  /** Name of the adapter. */
  readonly adapter: string;
  /** Has `publish`. */
  readonly sampler: Sampler;
  /** Folder that policy and sampler both see. Default: a temporary one. */
  readonly folder?: string | undefined;
  /** How many older versions stay. Default 0. */
  readonly maxStaleness?: number;
}

const CREATE_PUBLISHER_OPTIONS: OptionKeys<PublisherOptions> = {
  policy: true,
  adapter: true,
  sampler: true,
  folder: true,
  maxStaleness: true,
};

/** A publisher for samplers with `publish`, undefined for those that share the policy's memory. */
export function createPublisher(parameters: PublisherOptions): Publisher | undefined {
  checkOptions('createPublisher', parameters, CREATE_PUBLISHER_OPTIONS);
  const { policy, adapter, sampler, folder, maxStaleness = 0 } = parameters;
  if (sampler.publish === undefined) return undefined;
  const learner = randomUUID().slice(0, 8); // a resumed run repeats its steps: a step alone would name a version twice
  let parent: string | undefined;
  let published = 0;
  const versions: { readonly name: string; readonly at: string }[] = []; // the newest first

  async function publish(): Promise<readonly string[]> {
    parent ??= folder ?? (await mkdtemp(join(tmpdir(), 'expctr-adapters-')));
    const name = `${adapter}-${learner}-${published}`;
    const at = join(parent, name);
    published += 1;
    await policy.adapters.save(adapter, at);
    await sampler.publish!(at, name);
    versions.unshift({ name, at });
    // only now: a server may read the older ones until the newer is there
    for (const old of versions.splice(maxStaleness + 1)) await rm(old.at, { recursive: true, force: true });
    return versions.map((version) => version.name);
  }

  async function dispose(): Promise<void> {
    const made = folder === undefined ? [parent] : versions.map(({ at }) => at);
    for (const each of made) if (each !== undefined) await rm(each, { recursive: true, force: true });
  }

  return { publish, dispose };
}
