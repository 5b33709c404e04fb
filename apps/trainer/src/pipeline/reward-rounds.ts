import { rewardFigures, type CombinedRewards } from '@expctr/rewards';
import { rewardRows, type Explained } from './reward-rows.js';
import type { RunData } from './run-data.js';
import type { StageReward } from './stage-reward.js';

/** One rollout of an update, explained and rewarded. */
export interface RewardRound extends Awaited<ReturnType<StageReward>> {
  readonly explained: readonly Explained[];
}

/** The rollouts of an update as one: most have one, `ppo.refillRounds` allows further ones. */
export function joinRounds(data: Pick<RunData, 'interactions' | 'prompts'>, rounds: readonly RewardRound[]): RewardRound {
  if (rounds.length === 1) return rounds[0]!;
  const explained = rounds.flatMap((round) => round.explained);
  const { weights } = rounds.at(-1)!.rewards;
  const components = Object.fromEntries(
    Object.keys(weights).map((name) => [name, rounds.flatMap(({ rewards }) => rewards.components[name] ?? [])]),
  );
  const rewards: CombinedRewards = {
    total: rounds.flatMap((round) => round.rewards.total),
    components,
    weights,
    figures: meanFigures(rounds),
  };
  return { explained, rewards, figures: rewardFigures(rewards, rewardRows(data, explained)) };
}

/** What rewards say of their batches themselves: means over the rounds that have a figure, by their rows. */
function meanFigures(rounds: readonly RewardRound[]): Record<string, number> {
  const names = new Set(rounds.flatMap(({ rewards }) => Object.keys(rewards.figures)));
  return Object.fromEntries(
    [...names].map((name) => {
      const known = rounds.filter(({ rewards }) => rewards.figures[name] !== undefined);
      const rows = known.reduce((sum, { explained }) => sum + explained.length, 0);
      return [name, known.reduce((sum, { rewards, explained }) => sum + (rewards.figures[name]! * explained.length) / rows, 0)];
    }),
  );
}
