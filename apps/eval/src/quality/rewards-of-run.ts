import type { Rng } from '@expctr/core';
import type { Explanations } from '@expctr/data';
import { FINAL, P_LC, POST_HOC, rolloutsName } from '@expctr/run';
import type { RewardByClaim, RewardFigures } from '../figures/rewards.js';
import type { RunData } from '../read/run-data.js';
import { countText, explanationF1 } from './claim-counts.js';
import type { RowFacts } from './facts.js';
import { claimKinds, rewardByClaim } from './reward-by-claim.js';
import { rewardQuality, type RewardedRows } from './reward-quality.js';

/** Files with one completion a row, and the CTR model that predicts with their explanations. */
const single: ReadonlyMap<string, string> = new Map([
  [POST_HOC, 'post-hoc-aug'],
  [FINAL, 'expctr-aug'],
]);

/**
 * Rank correlation of rewards with the F1 of explanations, by file and reward. Rollouts have their rewards as they were given, with
 * several completions a prompt. For `post-hoc` and `final` they follow from the test rows' probabilities: `lc` from p_LC, `ic` from
 * the CTR model's prediction, both as 1 - (label - p)^2, of which every form of the reward is a monotone function; an explanation of
 * which nothing is left has 0.
 */
export function rewardQualityOfRun(
  run: RunData,
  facts: (row: number) => RowFacts,
  resamples: number,
  rng: Rng,
): Record<string, Record<string, RewardFigures>> {
  const out: Record<string, Record<string, RewardFigures>> = {};
  for (const [name, file] of run.explanations) {
    const model = single.get(name);
    const rewards = model === undefined ? rolloutRewards(name, file) : testRewards(run, file, model);
    if (rewards === null) continue;
    const quality = file.read.map((text, at) => explanationF1(countText(text, facts(file.interactionId[at]!))));
    const prompt = promptNumbers(file);
    for (const [reward, values] of Object.entries(rewards)) {
      const rows = quality.flatMap((_, at) => (Number.isNaN(values[at]!) ? [] : [at]));
      if (rows.length === 0) continue;
      const pick = <T>(column: ArrayLike<T>): T[] => rows.map((at) => column[at]!);
      const columns = {
        user: rows.map((at) => run.interactions.user[file.interactionId[at]!]!),
        prompt: pick(prompt),
        reward: pick(values),
        quality: pick(quality),
      };
      const figures = rewardQuality(columns, resamples, rng.fork(name, reward));
      (out[name] ??= {})[reward] = { ...figures, ...(model === undefined ? { byClaim: prices(columns, rows, reward) } : {}) };
    }
    function prices({ user, prompt: own, reward }: RewardedRows, rows: readonly number[], stream: string): RewardByClaim {
      const kinds = rows.map((at) => {
        const id = file.interactionId[at]!;
        return claimKinds(file.read[at]!, run.interactions.label[id]!, facts(id));
      });
      return rewardByClaim(user, own, reward, kinds, resamples, rng.fork(name, stream, 'claims'));
    }
  }
  return out;
}

/** Of whichever alignment. */
const isRollouts = (name: string): boolean => name.endsWith(rolloutsName(''));

function rolloutRewards(name: string, file: Explanations): Readonly<Record<string, ArrayLike<number>>> | null {
  return isRollouts(name) ? Object.fromEntries(Object.entries(file.rewards).filter(([reward]) => reward !== P_LC)) : null;
}

function testRewards(
  { interactions, predictions }: RunData,
  file: Explanations,
  model: string,
): Readonly<Record<string, ArrayLike<number>>> {
  const rowOf = new Map(Array.from(predictions.interactionId, (id, row) => [id, row]));
  const clicks = predictions.models.get(model);
  const reward = (probability: (at: number, row: number) => number | undefined): Float64Array =>
    Float64Array.from(file.interactionId, (id, at) => {
      const row = rowOf.get(id);
      const p = row === undefined ? undefined : probability(at, row);
      if (p === undefined || Number.isNaN(p)) return Number.NaN;
      return file.read[at]!.trim() === '' ? 0 : 1 - (interactions.label[id]! - p) ** 2;
    });
  return { lc: reward((at) => file.rewards[P_LC]?.[at]), ic: reward((_, row) => clicks?.[row]) };
}

/** Completions of one prompt stand one after the other. */
function promptNumbers({ interactionId }: Explanations): Uint32Array {
  let prompt = 0;
  return Uint32Array.from(interactionId, (id, at) => (at > 0 && id !== interactionId[at - 1] ? (prompt += 1) : prompt));
}
