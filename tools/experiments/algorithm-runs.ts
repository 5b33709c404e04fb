// The runs that tools/experiments/algorithms.ts compares: how fast an algorithm is here, its learning rate, and its runs. Each has a folder
// of its own and is taken from there where it was made before.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@expctr/core';
import { readRunLog, readTiming, runFolder, type RunFolder, type UpdateEvent } from '@expctr/run';
import { aligned, checkedReader, openRunFolder, POLICY, resolveConfig, stage1, withPipeline } from '@expctr/trainer';
import { mean } from '../common/measure.js';
import { finishRun, setting } from './run-seeds.js';

/** An algorithm as it is compared: its name in tables, and the settings that make it. */
export interface Variant {
  readonly name: string;
  readonly sets: readonly string[];
}

/** What a comparison keeps fixed. */
export interface Comparison {
  /** Where all runs are. */
  readonly out: string;
  readonly preset: string;
  readonly sets: readonly string[];
}

/** The world in which learning rates are chosen: none of those that are compared. */
const TUNING_WORLD = 1000;

/** Updates that are timed, the first with its compilation among them: it weighs less in more of them, and the same on all algorithms. */
const PACE_UPDATES = 6;

/** Seconds of an update, on this machine now; measured once, so that a resumed comparison keeps its numbers of updates. */
export async function secondsPerUpdate(comparison: Comparison, variant: Variant): Promise<number> {
  const path = join(comparison.out, 'pace', `${variant.name}.json`);
  if (existsSync(path)) return (JSON.parse(await readFile(path, 'utf8')) as { readonly seconds: number }).seconds;
  const folder = runFolder(join(comparison.out, 'pace', variant.name));
  await alignOnly(comparison, folder, [...variant.sets, `ppo.stage1Updates=${PACE_UPDATES}`]);
  const line = (await readTiming(folder)).find(({ name }) => String(name).endsWith('one update'));
  const seconds = Number(line!['seconds']);
  await writeFileAtomic(path, `${JSON.stringify({ seconds })}\n`);
  return seconds;
}

/** Of these learning rates the one whose last quarter of updates has the highest mean reward, in a world of its own. */
export async function bestLearningRate(
  comparison: Comparison,
  variant: Variant,
  updates: number,
  rates: readonly string[],
): Promise<string> {
  const scores: number[] = [];
  for (const rate of rates) {
    const folder = runFolder(join(comparison.out, 'tuning', `${variant.name}-${rate}`));
    await alignOnly(comparison, folder, [...variant.sets, `ppo.stage1Updates=${updates}`, `ppo.learningRate=${rate}`]);
    scores.push(figureAtEnd((await readRunLog(folder.log)).updates, 'objective/scores', 4));
  }
  return rates[scores.indexOf(Math.max(...scores))]!;
}

/** Mean of a metric over the last updates of stage 1; NaN where no update has it. @param part the last 1 / part of them */
export function figureAtEnd(updates: readonly UpdateEvent[], name: string, part: number): number {
  const own = updates.filter(({ stage }) => stage === 'stage1');
  const values = own.slice(-Math.ceil(own.length / part)).flatMap(({ metrics }) => metrics[name] ?? []);
  return values.length === 0 ? NaN : mean(values);
}

/** A whole run with one seed in one world, to its report. */
export function wholeRun(comparison: Comparison, folder: RunFolder, world: number, seed: number, sets: readonly string[]): void {
  const given = setting([...comparison.sets, ...sets, `data.worldSeed=${world}`]);
  finishRun(folder, ['--preset', comparison.preset, '--seed', String(seed), ...given]);
}

/** Stage 1 alone. */
async function alignOnly(comparison: Comparison, folder: RunFolder, sets: readonly string[]): Promise<void> {
  const settings = existsSync(folder.manifest)
    ? await openRunFolder(folder.root)
    : await resolveConfig({ preset: comparison.preset, sets: [...comparison.sets, ...sets, `seed=${TUNING_WORLD}`] });
  await withPipeline(settings, { folder }, async (pipeline) => {
    const reader = await checkedReader(pipeline);
    const { adapters } = pipeline.models.policy;
    adapters.create(POLICY, pipeline.run.rng.fork('adapter'));
    adapters.activate(POLICY);
    await aligned(pipeline, 'stage1', 0, () => stage1(pipeline, reader));
  });
}
