import { rm } from 'node:fs/promises';
import { explanationsFromRows, explanationsToTable, rowsOf, writeTable, type Explanations } from '@expctr/data';
import { learningRateAt } from '@expctr/llm-lora/sft';
import { createLearner, loopOptions, type Learner, type Reference, type ScoredRollout } from '@expctr/ppo';
import type { CombinedRewards } from '@expctr/rewards';
import { alignmentName, rolloutsName, type AlignmentStage, type Codec } from '@expctr/run';
import { optionsOf } from '../config/config-schema.js';
import { restoreCheckpoint, saveCheckpoint } from './align-checkpoint.js';
import { textOf } from './explain.js';
import { Interrupted } from './interrupt.js';
import { createPhaseClock } from './phase-clock.js';
import { POLICY, warn, type Pipeline } from './pipeline.js';
import { joinRounds, type RewardRound } from './reward-rounds.js';
import { rewardRows, type Explained } from './reward-rows.js';
import { rolloutParts } from './rollout-parts.js';
import type { StageReward } from './stage-reward.js';
import { stoppedAt } from './stopped.js';

/** One stage of policy optimization. */
export interface Alignment {
  readonly stage: AlignmentStage;
  /** Repetition k of stages 2 and 3; 0 for stage 1. */
  readonly iteration: number;
  readonly updates: number;
  /** What the KL penalty holds the policy close to. */
  readonly reference: Reference;
  readonly reward: StageReward;
}

/** A policy that was aligned in `make`, or the one that an earlier attempt of this run has left; its adapter stands in `adapters/<stage>`. */
export async function aligned(
  { run, models }: Pipeline,
  stage: AlignmentStage,
  iteration: number,
  make: () => Promise<void>,
): Promise<void> {
  const name = alignmentName(stage, iteration);
  const { adapters } = models.policy;
  const adapter: Codec<void> = {
    files: [run.folder.adapter(name), run.folder.explanations(rolloutsName(name))],
    write: () => adapters.save(POLICY, run.folder.adapter(name)),
    async read() {
      await adapters.load(run.folder.adapter(name), POLICY);
      adapters.activate(POLICY);
    },
  };
  await run.artifacts.artifact(name, make, adapter);
  // only now: what a resumed run needs must be there until the adapter is
  for (const path of [run.folder.checkpoint(name), run.folder.checkpoint('published', name)])
    await rm(path, { recursive: true, force: true });
}

/**
 * Policy optimization on the policy slice with the reward of this stage. Afterwards the adapter {@link POLICY} is the aligned one; the
 * rollouts stand in `explanations/<stage>-rollouts.arrow`.
 */
export async function alignPolicy(pipeline: Pipeline, alignment: Alignment): Promise<void> {
  const { run, data } = pipeline;
  const { config, artifacts, folder, progress, signal } = run;
  const { updates, stage, iteration } = alignment;
  const name = alignmentName(stage, iteration);
  const order = policyRowsOf(pipeline, name);
  const learner = await learnerOf(pipeline, alignment, name);
  try {
    const first = artifacts.reached(name);
    const rollouts = rolloutParts(folder, name);
    await rollouts.dropAfter(first);
    await restoreCheckpoint(pipeline, learner, name, first);
    const keep = async (done: number): Promise<void> => {
      if (done === artifacts.reached(name)) return;
      await rollouts.write(done);
      await saveCheckpoint(pipeline, learner, name, done, rollouts.folder);
    };
    const task = progress.begin(`${name} updates`, updates, 'updates');
    const clock = createPhaseClock();
    for (let step = first; step < updates; step += 1) {
      const rows = [...order.rows(step)];
      const rounds: RewardRound[] = [];
      let stepped = false;
      const update = learner.update({
        step,
        prompts: rows.map((row) => data.prompts.tokens(row)),
        onPhase(phase) {
          stepped = phase === 'optimize';
          clock.begin(phase);
        },
        more(count, round) {
          const further = order.further(step, round, rows).slice(0, count);
          rows.push(...further);
          return further.map((row) => data.prompts.tokens(row));
        },
        async score(made) {
          const explained = made.map((completion) => ({
            row: rows[completion.promptIndex]!,
            prompt: completion.promptIndex,
            ...textOf(pipeline, completion),
          }));
          const rewarded = await alignment.reward(rewardRows(data, explained), step);
          rounds.push({ ...rewarded, explained });
          return rewarded.rewards;
        },
      });
      const { metrics, completions } = await update.catch(async (error: unknown) => {
        if (!stepped) await keep(step); // policy and learner are still as the update before left them
        throw stoppedAt(error, { name, step, updates, root: folder.root, say: (text) => progress.say(text) });
      });
      clock.endUpdate(completions.reduce((sum, { tokens }) => sum + tokens.length, 0));
      const { explained, rewards, figures } = joinRounds(data, rounds);
      artifacts.log.write({ event: 'update', stage, iteration, step, metrics: { ...metrics, ...figures } });
      rollouts.add(asExplanations(alignment, explained, completions, rewards));
      task.update(step + 1, updateNote(metrics));

      const interrupted = signal?.aborted === true;
      if ((step + 1) % config.ppo.checkpointEvery === 0 || interrupted) {
        await keep(step + 1);
      }
      if (interrupted) throw new Interrupted('RUN_INTERRUPTED', `interrupted after update ${step + 1} of ${updates} in ${name}`);
    }
    task.done();
    await clock.write(folder, name);
    await writeTable(folder.explanations(rolloutsName(name)), explanationsToTable(await rollouts.all(updates)));
  } finally {
    await learner.dispose();
  }
}

/** A learner of the algorithm that the configuration names, with all of its settings. */
function learnerOf({ run, models }: Pipeline, { reference, updates }: Alignment, name: string): Promise<Learner> {
  const { config, registry, folder, rng } = run;
  const algorithm = registry.algorithms.find((candidate) => candidate.name === config.ppo.algorithm)!;
  const { schedule, learningRate } = config.ppo;
  return createLearner({
    algorithm,
    policy: models.policy,
    sampler: models.sampler,
    publishFolder: folder.checkpoint('published', name),
    config: {
      ...optionsOf(loopOptions, config.ppo),
      ...optionsOf(algorithm.options, config.ppo),
      learningRate: (step) => learningRateAt(step, updates, { schedule, learningRate, warmup: 0 }),
      maxNewTokens: config.llm.maxNewTokens,
      stopTokenIds: models.stopTokenIds,
    },
    reference,
    rng: rng.fork(name),
    onWarning: ({ code, message }) => warn(run, code, message),
  });
}

/** The rows that updates explain. */
interface PolicyRows {
  /** Those of an update: the policy slice in an order that is drawn anew for every pass over it. */
  rows(step: number): readonly number[];
  /** Further ones, in an order of their own, none of them among those that are `taken`. */
  further(step: number, round: number, taken: readonly number[]): readonly number[];
}

function policyRowsOf({ run: { rng, config }, data: { interactions } }: Pipeline, name: string): PolicyRows {
  const slice = rowsOf(interactions, 'train', 'policy');
  const count = config.ppo.promptsPerUpdate;
  let pass = -1;
  let order = slice;
  return {
    rows: (step) =>
      Array.from({ length: count }, (_, i) => {
        const position = step * count + i;
        if (Math.floor(position / slice.length) !== pass) {
          pass = Math.floor(position / slice.length);
          order = rng.fork(name, 'rows', pass).shuffle(slice.slice());
        }
        return order[position % slice.length]!;
      }),
    further(step, round, taken) {
      const known = new Set(taken);
      return Array.from(rng.fork(name, 'further rows', step, round).shuffle(slice.filter((row) => !known.has(row))));
    },
  };
}

/** What stands beside the bar: an update in which nothing was scored has neither figure. */
function updateNote(metrics: Readonly<Record<string, number>>): string {
  const figures = [
    ['score', metrics['objective/scores'], 3],
    ['KL', metrics['objective/kl'], 2],
  ] as const;
  return figures.flatMap(([label, value, digits]) => (value === undefined ? [] : [`${label} ${value.toFixed(digits)}`])).join(', ');
}

function asExplanations(
  { stage, iteration }: Alignment,
  explained: readonly Explained[],
  completions: readonly ScoredRollout[],
  { components }: CombinedRewards,
): Explanations {
  return explanationsFromRows(
    explained.map(({ row, prompt: _, ...text }, index) => ({
      ...text,
      interactionId: row,
      iteration,
      stage,
      rewards: {
        score: completions[index]!.score,
        ...Object.fromEntries(Object.entries(components).map(([component, values]) => [component, values[index]!])),
      },
    })),
  );
}
