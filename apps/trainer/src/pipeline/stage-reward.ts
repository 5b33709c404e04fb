import { cutItem, itemText, rowsOf, type ItemText } from '@expctr/data';
import {
  combine,
  everWeighs,
  readOnce,
  RewardError,
  rewardFigures,
  type ClickPredictor,
  type CombinedRewards,
  type Reader,
  type RewardContext,
  type RewardRows,
} from '@expctr/rewards';
import type { AlignmentStage } from '@expctr/run';
import { optionsOf } from '../config/config-schema.js';
import type { ClickModels } from './click-model.js';
import type { Pipeline } from './pipeline.js';
import { createSiblings } from './siblings.js';
import { promptText } from './unknown-words.js';

/** The reward of a stage: what the rows earn at an update, counted from 0, and the figures of each component for the log. */
export type StageReward = (
  rows: RewardRows,
  update: number,
) => Promise<{ readonly rewards: CombinedRewards; readonly figures: Record<string, number> }>;

/**
 * Every reward that has a weight in this stage, combined. Within an update a text is read once and a prediction made once, however many
 * rewards ask.
 * @param clicks the CTR models of the preceding stage 2; null before the first
 * @throws RewardError where none has a weight, or one asks for what the stage does not have; asked, where one fails, or
 *   `REWARD_ALL_NULL` where none applies to any row and `rewards.onAllNull` is `stop`
 */
export function stageReward(pipeline: Pipeline, stage: AlignmentStage, reader: Reader, clicks: ClickModels | null): StageReward {
  const { config, registry } = pipeline.run;
  const remembering = readOnce((rows) => reader.read(rows), { withHistory: pipeline.models.templates.lc.withHistory });
  const context: RewardContext = {
    stage,
    read: (rows) => remembering.read(rows),
    clicks: clicks && {
      predict: predictOnce((rows) => clicks.withZ.predict(rows)),
      predictAtMean: predictOnce((rows) => clicks.withZ.predictAtMean(rows)),
      teacher: predictOnce(async (rows) => (await clicks.withoutZ()).predict(rows)),
    },
    siblings: createSiblings(pipeline.data),
    maxNewTokens: config.llm.maxNewTokens,
    items: () => itemsOf(pipeline),
    examplePrompt: () => promptText(pipeline.data.prompts.prompt(rowsOf(pipeline.data.interactions, 'train', 'policy')[0]!)),
    environment: (name) => process.env[name],
  };
  const { [stage]: weights, normalize, timeoutSeconds, onAllNull } = config.rewards;
  const chosen = registry.rewards.filter(({ name }) => everWeighs(weights[name]!));
  const reward = combine(
    chosen.map((part) => {
      const own = (config.rewards[part.name] ?? {}) as Readonly<Record<string, unknown>>;
      return { name: part.name, weight: weights[part.name]!, reward: part.create(context, optionsOf(part.options, own)) };
    }),
    { normalize, timeoutSeconds },
  );
  let readFor: number | undefined;
  return async (rows, update) => {
    if (update !== readFor) remembering.forget();
    readFor = update;
    const rewards = await reward(rows, update);
    if (onAllNull === 'stop' && rewards.total.every((total) => total === null)) throw nothingApplies(chosen);
    return { rewards, figures: rewardFigures(rewards, rows) };
  };
}

/** A predictor that is asked once for the same rows. */
function predictOnce(predict: ClickPredictor): ClickPredictor {
  const known = new WeakMap<RewardRows, ReturnType<ClickPredictor>>();
  return (rows) => {
    const answer = known.get(rows) ?? predict(rows);
    known.set(rows, answer);
    return answer;
  };
}

function nothingApplies(rewards: readonly { readonly name: string }[]): RewardError {
  const names = rewards.map(({ name }) => `'${name}'`).join(', ');
  return new RewardError(
    'REWARD_ALL_NULL',
    `no reward applies to any row: ${names} ${rewards.length === 1 ? 'is' : 'are'} null in all of them`,
    {
      expected: 'a number for some row',
      remedy: 'correct the reward, or let such updates pass with rewards.onAllNull=warn',
    },
  );
}

/** Every item as prompts show it. */
function* itemsOf({ run, data: { items } }: Pipeline): Iterable<ItemText> {
  for (let item = 0; item < items.length; item += 1) yield cutItem(itemText(items, item), run.config.prompt.maxTextLength).item;
}
