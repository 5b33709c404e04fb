import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { readSafetensors, writeSafetensors } from '@expctr/llm-lora';
import type { Learner, LearnerState } from '@expctr/ppo';
import { POLICY, type Pipeline } from './pipeline.js';

/* A checkpoint is a folder of its own, complete before `reach` names it; the one before goes afterwards. */

/**
 * Keeps adapter, reference, optimizer and learner as they are after `step` updates of the alignment `name`.
 * @param rollouts folder of what was sampled until then
 */
export async function saveCheckpoint(
  { run, models }: Pipeline,
  learner: Learner,
  name: string,
  step: number,
  rollouts: string,
): Promise<void> {
  const { artifacts, folder } = run;
  const at = folder.checkpoint(name, String(step));
  const { tensors, ...state } = learner.exportState();
  const { adapters } = models.policy;
  await adapters.save(POLICY, join(at, 'adapter'));
  if (typeof state.reference === 'string') await adapters.save(state.reference, join(at, 'reference'));
  await writeSafetensors(join(at, 'state.safetensors'), new Map(Object.entries(tensors)));
  await writeFileAtomic(join(at, 'state.json'), `${JSON.stringify(state)}\n`);
  const before = artifacts.reached(name);
  await artifacts.reach(name, step, [at, rollouts]);
  if (before > 0 && before !== step) await rm(folder.checkpoint(name, String(before)), { recursive: true, force: true });
}

/** Takes back what {@link saveCheckpoint} kept; `step` 0 is the beginning, where there is nothing to take back. */
export async function restoreCheckpoint({ run, models }: Pipeline, learner: Learner, name: string, step: number): Promise<void> {
  if (step === 0) return;
  await run.artifacts.verify(name);
  const at = run.folder.checkpoint(name, String(step));
  const { adapters } = models.policy;
  const state = JSON.parse(await readFile(join(at, 'state.json'), 'utf8')) as Omit<LearnerState, 'tensors'>;
  await adapters.load(join(at, 'adapter'), POLICY);
  if (typeof state.reference === 'string') await adapters.load(join(at, 'reference'), state.reference);
  adapters.activate(POLICY);
  const { tensors } = await readSafetensors(join(at, 'state.safetensors'));
  learner.importState({ ...state, tensors: Object.fromEntries(tensors) });
}
