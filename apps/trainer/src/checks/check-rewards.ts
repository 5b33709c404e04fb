import { ExpctrError } from '@expctr/core';
import { everWeighs, weightlessUpdate, type RewardContext } from '@expctr/rewards';
import { optionsOf } from '../config/config-schema.js';
import { ConfigError } from '../config/errors.js';
import type { Config } from '../config/schema.js';
import type { Registry } from '../plugins/registry.js';

/**
 * The rewards of each stage that is run: one at least has a weight at every update, and all can be made of what the stage has.
 * @throws ConfigError `CONFIG_NO_REWARD`, `CONFIG_REWARD`
 */
export function checkRewards(config: Config, registry: Registry): void {
  const { ppo, iterations } = config;
  if (ppo.stage1Updates > 0) checkStage(config, registry, 'stage1');
  if (ppo.stage3Updates > 0 && iterations > 0) checkStage(config, registry, 'stage3');
}

function checkStage({ rewards, llm, ppo }: Config, registry: Registry, stage: RewardContext['stage']): void {
  const weights = rewards[stage];
  const chosen = registry.rewards.filter(({ name }) => everWeighs(weights[name]!));
  const updates = stage === 'stage1' ? ppo.stage1Updates : ppo.stage3Updates;
  const weightless = weightlessUpdate(Object.values(weights), updates);
  if (weightless !== null) {
    const when = chosen.length === 0 ? '' : ` at update ${weightless + 1} of ${updates}`;
    throw new ConfigError('CONFIG_NO_REWARD', `no reward has a weight${when}, so there is nothing to learn from`, {
      where: `rewards.${stage}`,
      expected: `a weight above 0 for one of ${registry.rewards.map(({ name }) => name).join(', ')}`,
      remedy: `set for instance rewards.${stage}.lc=1, or ppo.${stage}Updates=0 to leave the stage out`,
    });
  }
  for (const part of chosen) {
    const own = (rewards[part.name] ?? {}) as Readonly<Record<string, unknown>>;
    try {
      part.create(emptyContext(stage, llm.maxNewTokens), optionsOf(part.options, own));
    } catch (cause) {
      if (!(cause instanceof ExpctrError)) throw cause;
      throw new ConfigError('CONFIG_REWARD', cause.what, {
        where: `rewards.${stage}.${part.name}`,
        ...(cause.expected === undefined ? {} : { expected: cause.expected }),
        ...(cause.remedy === undefined ? {} : { remedy: cause.remedy }),
        cause,
      });
    }
  }
}

/** What a stage has while nothing is loaded: rewards are made of it and never asked. */
function emptyContext(stage: RewardContext['stage'], maxNewTokens: number): RewardContext {
  const none = (): Promise<ArrayLike<number>> => Promise.resolve([]);
  return {
    stage,
    read: none,
    clicks: stage === 'stage1' ? null : { predict: none, predictAtMean: none, teacher: none },
    siblings: () => [],
    maxNewTokens,
    items: () => [],
    examplePrompt: () => '',
    environment: (name) => process.env[name],
  };
}
