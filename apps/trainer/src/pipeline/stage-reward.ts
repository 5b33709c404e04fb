import {
  combine,
  formatReward,
  icAlignment,
  lcAlignment,
  lengthReward,
  rewardStatistics,
  siblingAlignment,
  type ClickPredictor,
  type CombinedRewards,
  type Reader,
  type RewardFunction,
  type RewardRows,
  type WeightedReward,
} from '@expctr/rewards';
import type { ClickModel } from './click-model.js';
import type { Parts } from './parts.js';
import { createSiblings } from './siblings.js';

/** The reward of a stage and what the log says about it. */
export interface StageReward {
  readonly reward: (rows: RewardRows) => Promise<CombinedRewards>;
  readonly describe: (rewards: CombinedRewards, rows: RewardRows) => Record<string, number>;
}

/** What rewards may ask: the reader of stage 1, the CTR models of stage 2. */
export interface Judges {
  readonly reader: Reader;
  /** The CTR model with z of the preceding stage 2, and the ID-only one; absent before the first. */
  readonly clicks?: { readonly withZ: ClickModel; readonly idOnly: ClickModel | null };
}

/** The components that have a weight in this stage, combined. @throws RewardError where none has. */
export function stageReward(parts: Parts, stage: 'stage1' | 'stage3', judges: Judges): StageReward {
  const { form } = parts.config.rewards;
  const weights = parts.config.rewards[stage];
  const components: WeightedReward[] = [];
  const add = (name: keyof typeof weights, make: () => RewardFunction): void => {
    if (weights[name] !== 0) components.push({ name, weight: weights[name], reward: make() });
  };
  add('lc', () => lcAlignment({ read: (rows) => judges.reader.read(rows), form }));
  add('siblings', () => siblingAlignment({ read: (rows) => judges.reader.read(rows), siblings: createSiblings(parts), form }));
  const teacher = rememberingTeacher(judges);
  add('ic', () => icReward(parts, judges, teacher?.predict));
  add('length', () => lengthReward({ minimum: Math.ceil(parts.config.llm.maxNewTokens / 4), maximum: parts.config.llm.maxNewTokens }));
  add('format', () => formatReward);

  return {
    reward: combine(components),
    describe({ components: values }, rows) {
      const figures: Record<string, number> = {};
      for (const [name, column] of Object.entries(values)) {
        // A difference of two rewards has no best constant of its own.
        const aligned = name === 'lc' || (name === 'ic' && parts.config.rewards.icMode === 'absolute');
        const target = name === 'ic' ? teacher?.last() : undefined;
        const statistics = rewardStatistics({ values: column, ...(aligned ? { form } : {}), ...(target ? { target } : {}) }, rows);
        const put = (suffix: string, value: number | null): void => {
          if (value !== null) figures[`reward/${name}${suffix}`] = value;
        };
        put('', statistics.mean);
        put('/within_prompt_std', statistics.withinPromptStd);
        put('/between_prompt_std', statistics.betweenPromptStd);
        put('/best_constant', statistics.bestConstant);
      }
      return figures;
    },
  };
}

function icReward({ config }: Parts, { clicks }: Judges, teacher: ClickPredictor | undefined): RewardFunction {
  const { form, icTarget, icMode } = config.rewards;
  return icAlignment({
    form,
    target: icTarget,
    mode: icMode,
    predictClick: (rows) => need(clicks?.withZ).predict(rows),
    predictWithMean: (rows) => need(clicks?.withZ).predictAtMean(rows),
    ...(teacher ? { teacher } : {}),
  });
}

/** The ID-only model as the IC reward's teacher, which remembers its last probabilities for the log. */
function rememberingTeacher({ clicks }: Judges): { predict: ClickPredictor; last(): ArrayLike<number> | undefined } | undefined {
  const idOnly = clicks?.idOnly;
  if (!idOnly) return undefined;
  let last: ArrayLike<number> | undefined;
  return { predict: async (rows) => (last = await idOnly.predict(rows)), last: () => last };
}

function need(model: ClickModel | undefined): ClickModel {
  if (model) return model;
  throw new RangeError('the IC reward needs the CTR model of stage 2; it has no weight in stage 1');
}
