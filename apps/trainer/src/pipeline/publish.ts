import { rm } from 'node:fs/promises';
import { POLICY, type Pipeline } from './pipeline.js';

/**
 * Tells the sampler what the policy is now, where it does not share memory with it.
 * @param version names this state of the policy in this run
 */
export async function publishPolicy({ run, models }: Pick<Pipeline, 'run' | 'models'>, version: string): Promise<void> {
  const { policy, sampler } = models;
  if (sampler.publish === undefined) return;
  const folder = run.folder.checkpoint('published', version);
  await policy.adapters.save(POLICY, folder);
  await sampler.publish(folder, version);
  await rm(folder, { recursive: true, force: true });
}
