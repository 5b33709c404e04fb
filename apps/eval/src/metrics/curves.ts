import { alignmentName, type CtrEpochEvent, type UpdateEvent } from '@expctr/run';
import type { CtrCurve, CurveEnds, RewardCurve, StageCurves } from '../figures/curves.js';

/** Updates by the name of their alignment (`stage1`, `stage3-1`, ...), in the order of the log. */
export function byStage(updates: readonly UpdateEvent[]): ReadonlyMap<string, readonly UpdateEvent[]> {
  const stages = new Map<string, UpdateEvent[]>();
  for (const line of updates) {
    const name = alignmentName(line.stage, line.iteration);
    const lines = stages.get(name);
    if (lines === undefined) stages.set(name, [line]);
    else lines.push(line);
  }
  return stages;
}

/** Names of the reward components that the lines log, in order of appearance. */
export function rewardNames(lines: readonly UpdateEvent[]): string[] {
  const names = lines.flatMap(({ metrics }) => Object.keys(metrics).map((key) => /^reward\/([^/]+)$/u.exec(key)?.[1]));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Every stage's curves in a few numbers. */
export function stageCurves(updates: readonly UpdateEvent[]): Record<string, StageCurves> {
  return Object.fromEntries([...byStage(updates)].map(([stage, lines]) => [stage, curvesOf(lines)]));
}

function curvesOf(lines: readonly UpdateEvent[]): StageCurves {
  const rewards: Record<string, RewardCurve> = {};
  for (const name of rewardNames(lines)) {
    const ends = curveEnds(lines, `reward/${name}`);
    if (ends === null) continue;
    rewards[name] = {
      ...ends,
      bestConstant: curveEnds(lines, `reward/${name}/best_constant`)?.last ?? null,
      withinPromptStd: curveEnds(lines, `reward/${name}/within_prompt_std`),
      betweenPromptStd: curveEnds(lines, `reward/${name}/between_prompt_std`),
    };
  }
  return { updates: lines.length, rewards, kl: curveEnds(lines, 'objective/kl'), entropy: curveEnds(lines, 'objective/entropy') };
}

function curveEnds(lines: readonly UpdateEvent[], metric: string): CurveEnds | null {
  const values = lines.map(({ metrics }) => metrics[metric]).filter((value) => value !== undefined);
  if (values.length === 0) return null;
  const tenth = Math.max(1, Math.floor(values.length / 10));
  const mean = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0) / part.length;
  return { first: mean(values.slice(0, tenth)), last: mean(values.slice(-tenth)), maximum: Math.max(...values) };
}

/** Each CTR model's last training. */
export function ctrCurves(epochs: readonly CtrEpochEvent[]): Record<string, CtrCurve> {
  const curves: Record<string, CtrCurve> = {};
  for (const model of new Set(epochs.map((line) => line.model))) {
    const lines = epochs.filter((line) => line.model === model);
    const iteration = Math.max(...lines.map((line) => line.iteration));
    const last = lines.filter((line) => line.iteration === iteration);
    const scored = last.filter(({ metrics }) => metrics['valid/logloss'] !== undefined);
    const best = scored.reduce<CtrEpochEvent | null>(
      (a, b) => (a === null || b.metrics['valid/logloss']! < a.metrics['valid/logloss']! ? b : a),
      null,
    );
    curves[model] = { iteration, epochs: last.length, bestEpoch: best?.epoch ?? null, bestValidAuc: best?.metrics['valid/auc'] ?? null };
  }
  return curves;
}
