import { cutItem, itemText, rowsOf, type ItemText } from '@expctr/data';
import { combine, rewardFigures, type CombinedRewards, type Reader, type RewardContext, type RewardRows } from '@expctr/rewards';
import type { AlignmentStage } from '@expctr/run';
import { optionsOf } from '../config/config-schema.js';
import type { ClickModels } from './click-model.js';
import type { Pipeline } from './pipeline.js';
import { createSiblings } from './siblings.js';
import { promptText } from './unknown-words.js';

/** The reward of a stage: what the rows earn, and the figures of each component for the log. */
export type StageReward = (rows: RewardRows) => Promise<{ readonly rewards: CombinedRewards; readonly figures: Record<string, number> }>;

/**
 * Every reward that has a weight in this stage, combined.
 * @param clicks the CTR models of the preceding stage 2; null before the first
 * @throws RewardError where none has a weight, or one asks for what the stage does not have
 */
export function stageReward(pipeline: Pipeline, stage: AlignmentStage, reader: Reader, clicks: ClickModels | null): StageReward {
  const { config, registry } = pipeline.run;
  const context: RewardContext = {
    stage,
    read: (rows) => reader.read(rows),
    clicks: clicks && {
      predict: (rows) => clicks.withZ.predict(rows),
      predictAtMean: (rows) => clicks.withZ.predictAtMean(rows),
      teacher: async (rows) => (await clicks.withoutZ()).predict(rows),
    },
    siblings: createSiblings(pipeline.data),
    maxNewTokens: config.llm.maxNewTokens,
    items: () => itemsOf(pipeline),
    examplePrompt: () => promptText(pipeline.data.prompts.prompt(rowsOf(pipeline.data.interactions, 'train', 'policy')[0]!)),
    environment: (name) => process.env[name],
  };
  const weights = config.rewards[stage];
  const reward = combine(
    registry.rewards
      .filter(({ name }) => weights[name] !== 0)
      .map((part) => {
        const own = (config.rewards[part.name] ?? {}) as Readonly<Record<string, unknown>>;
        return { name: part.name, weight: weights[part.name]!, reward: part.create(context, optionsOf(part.options, own)) };
      }),
  );
  return async (rows) => {
    const rewards = await reward(rows);
    return { rewards, figures: rewardFigures(rewards, rows) };
  };
}

/** Every item as prompts show it. */
function* itemsOf({ run, data: { items } }: Pipeline): Iterable<ItemText> {
  for (let item = 0; item < items.length; item += 1) yield cutItem(itemText(items, item), run.config.prompt.maxTextLength).item;
}
