import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import {
  concatExplanations,
  explanationsFromRows,
  explanationsFromTable,
  explanationsToTable,
  readTable,
  rowsOf,
  writeTable,
  type Explanations,
} from '@expctr/data';
import { readSafetensors, writeSafetensors } from '@expctr/llm-lora';
import { createLearner, type AlgorithmName, type Learner, type LearnerState, type Reference, type ScoredRollout } from '@expctr/ppo';
import type { CombinedRewards, RewardRows } from '@expctr/rewards';
import { textOf } from './explain.js';
import { Interrupted } from './interrupt.js';
import { POLICY, warn, type Parts } from './parts.js';
import { createPhaseClock } from './phase-clock.js';
import { rewardRows, type Explained } from './reward-rows.js';

/** One stage of policy optimization. */
export interface Alignment {
  readonly stage: 'stage1' | 'stage3';
  /** Repetition k of stages 2 and 3; 0 for stage 1. */
  readonly iteration: number;
  readonly updates: number;
  /** What the KL penalty holds the policy close to. */
  readonly reference: Reference;
  readonly reward: (rows: RewardRows) => Promise<CombinedRewards>;
  /** Figures of each reward component for the log. */
  readonly describe: (rewards: CombinedRewards, rows: RewardRows) => Record<string, number>;
}

/**
 * PPO on the policy slice with the reward of this stage. Afterwards the adapter {@link POLICY} is the aligned one; it stands in
 * `adapters/<stage>`, the rollouts stand in `explanations/<stage>-rollouts.arrow`.
 */
export async function alignPolicy(parts: Parts, alignment: Alignment): Promise<void> {
  const { checkpoints, folder, policy } = parts;
  const name = alignmentName(alignment.stage, alignment.iteration);
  await checkpoints.once(name, async () => {
    await optimize(parts, alignment, name);
    await policy.adapters.save(POLICY, folder.adapter(name));
  });
}

/** Where this stage is done, makes its adapter the policy again; says whether it is. */
export async function restoreAligned(
  { checkpoints, folder, policy }: Parts,
  stage: Alignment['stage'],
  iteration: number,
): Promise<boolean> {
  const name = alignmentName(stage, iteration);
  if (!checkpoints.isDone(name)) return false;
  await policy.adapters.load(folder.adapter(name), POLICY);
  policy.adapters.activate(POLICY);
  return true;
}

/** `stage1`, `stage3-1`, `stage3-2`, … : names the step, its adapter and its rollouts. */
function alignmentName(stage: Alignment['stage'], iteration: number): string {
  return stage === 'stage1' ? stage : `${stage}-${iteration}`;
}

async function optimize(parts: Parts, alignment: Alignment, name: string): Promise<void> {
  const { config, checkpoints, folder, policy, progress, rng, signal } = parts;
  const { algorithm, stage1Updates, stage3Updates, promptsPerUpdate, checkpointEvery, ...settings } = config.ppo;
  const { updates } = alignment;
  const rowsOfUpdate = policyRowsOf(parts, name);
  const learner = await createLearner({
    algorithm: algorithm as AlgorithmName,
    policy,
    config: { ...settings, maxNewTokens: config.llm.maxNewTokens, stopTokenIds: parts.stopTokenIds },
    reference: alignment.reference,
    rng: rng.fork(name),
    onWarning: ({ code, message }) => warn(parts, code, message),
  });
  try {
    const first = checkpoints.reached(name);
    let rollouts = await restore(parts, learner, name, first);
    const task = progress.begin(`${name} updates`, updates, 'updates');
    const clock = createPhaseClock();
    for (let step = first; step < updates; step += 1) {
      const rows = rowsOfUpdate(step);
      let explained: Explained[] = [];
      let rewarded: CombinedRewards | undefined;
      let figures: Record<string, number> = {};
      const { metrics, completions } = await learner.update({
        step,
        prompts: rows.map((row) => parts.prompts.tokens(row)),
        onPhase: clock.begin,
        async score(made) {
          explained = made.map((completion) => ({
            row: rows[completion.promptIndex]!,
            prompt: completion.promptIndex,
            ...textOf(parts, { ...completion, logProbs: completion.samplerLogProbs }),
          }));
          const columns = rewardRows(parts, explained);
          rewarded = await alignment.reward(columns);
          figures = alignment.describe(rewarded, columns);
          return rewarded.total;
        },
      });
      clock.endUpdate(completions.reduce((sum, { tokens }) => sum + tokens.length, 0));
      checkpoints.log.write({
        event: 'update',
        stage: alignment.stage,
        iteration: alignment.iteration,
        step,
        metrics: { ...metrics, ...figures },
      });
      rollouts = concatExplanations([rollouts, asExplanations(alignment, explained, completions, rewarded!)]);
      task.update(step + 1, `score ${metrics['objective/scores']!.toFixed(3)}, KL ${metrics['objective/kl']!.toFixed(2)}`);

      const interrupted = signal?.aborted === true;
      if ((step + 1) % checkpointEvery === 0 || interrupted) await save(parts, learner, rollouts, name, step + 1);
      if (interrupted) throw new Interrupted('RUN_INTERRUPTED', `interrupted after update ${step + 1} of ${updates} in ${name}`);
    }
    task.done();
    await clock.write(folder, name);
    await writeTable(folder.explanations(`${name}-rollouts`), explanationsToTable(rollouts));
    await rm(folder.checkpoint(name), { recursive: true, force: true });
  } finally {
    await learner.dispose();
  }
}

/** The rows of each update: the policy slice in an order that is drawn anew for every pass over it. */
function policyRowsOf({ interactions, rng, config }: Parts, name: string): (step: number) => number[] {
  const slice = rowsOf(interactions, 'train', 'policy');
  const count = config.ppo.promptsPerUpdate;
  let pass = -1;
  let order = slice;
  return (step) =>
    Array.from({ length: count }, (_, i) => {
      const position = step * count + i;
      if (Math.floor(position / slice.length) !== pass) {
        pass = Math.floor(position / slice.length);
        order = rng.fork(name, 'rows', pass).shuffle(slice.slice());
      }
      return order[position % slice.length]!;
    });
}

function asExplanations(
  alignment: Alignment,
  explained: readonly Explained[],
  completions: readonly ScoredRollout[],
  rewarded: CombinedRewards,
): Explanations {
  return explanationsFromRows(
    explained.map(({ row, prompt, ...text }, index) => ({
      ...text,
      interactionId: row,
      iteration: alignment.iteration,
      stage: alignment.stage,
      rewards: {
        score: completions[index]!.score,
        ...Object.fromEntries(Object.entries(rewarded.components).map(([component, values]) => [component, values[index]!])),
      },
    })),
  );
}

/* A checkpoint is a folder of its own, complete before `reach` names it; older ones go afterwards. */

async function save(parts: Parts, learner: Learner, rollouts: Explanations, name: string, step: number): Promise<void> {
  const { checkpoints, folder, policy } = parts;
  const at = folder.checkpoint(name, String(step));
  const { tensors, ...state } = learner.exportState();
  await policy.adapters.save(POLICY, join(at, 'adapter'));
  if (typeof state.reference === 'string') await policy.adapters.save(state.reference, join(at, 'reference'));
  await writeSafetensors(join(at, 'state.safetensors'), new Map(Object.entries(tensors)));
  await writeFileAtomic(join(at, 'state.json'), `${JSON.stringify(state)}\n`);
  await writeTable(join(at, 'rollouts.arrow'), explanationsToTable(rollouts));
  const before = checkpoints.reached(name);
  await checkpoints.reach(name, step);
  if (before > 0 && before !== step) await rm(folder.checkpoint(name, String(before)), { recursive: true, force: true });
}

async function restore(parts: Parts, learner: Learner, name: string, step: number): Promise<Explanations> {
  if (step === 0) return explanationsFromRows([]);
  const at = parts.folder.checkpoint(name, String(step));
  const { adapters } = parts.policy;
  const state = JSON.parse(await readFile(join(at, 'state.json'), 'utf8')) as Omit<LearnerState, 'tensors'>;
  await adapters.load(join(at, 'adapter'), POLICY);
  if (typeof state.reference === 'string') await adapters.load(join(at, 'reference'), state.reference);
  adapters.activate(POLICY);
  const { tensors } = await readSafetensors(join(at, 'state.safetensors'));
  learner.importState({ ...state, tensors: Object.fromEntries(tensors) });
  return explanationsFromTable(await readTable(join(at, 'rollouts.arrow')));
}
