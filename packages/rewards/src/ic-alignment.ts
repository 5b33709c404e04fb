import { checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { alignment, alignmentBounds, alignmentFigures, formOption, type AlignmentForm, type AlignmentReward } from './alignment.js';
import { RewardError, requireLength } from './errors.js';
import { requireClicks, type ClickPredictor } from './reward-context.js';
import type { Reward } from './reward.js';
import { isEmptyExplanation, type RewardRows } from './reward-rows.js';

/** Options of {@link icAlignment}. */
export interface IcAlignmentOptions {
  /** p_IC = f(h(u,i), z), z the vector of the row's explanation. */
  readonly predictClick: ClickPredictor;
  /** Default `brier`. */
  readonly form?: AlignmentForm;
  /** What p_IC is to agree with: the label (default), or the ID-only model's probability (`teacher` is then needed). */
  readonly target?: 'label' | 'teacher';
  /**
   * `absolute` (default): the form's reward of p_IC. `difference`: that less the reward of f with z replaced by its mean
   * (`predictWithMean` is then needed): f may hardly move with z, and the difference is what this explanation did.
   */
  readonly mode?: 'absolute' | 'difference';
  /** f(h(u,i), mean z). */
  readonly predictWithMean?: ClickPredictor;
  /** The ID-only model. */
  readonly teacher?: ClickPredictor;
}

const IC_ALIGNMENT_OPTIONS: OptionKeys<IcAlignmentOptions> = {
  predictClick: true,
  form: true,
  target: true,
  mode: true,
  predictWithMean: true,
  teacher: true,
};

/**
 * IC alignment (explanation and ID-CTR; arXiv 2412.02588): rewards an explanation whose vector helps the CTR model.
 *
 * An explanation of which nothing was left to encode gets the form's minimum (in mode `difference`: the minimum less the
 * reward of the mean vector). Rewards lie within the form's bounds; differences within plus or minus their width. Its figure for the
 * log is `best_constant`, of the labels or of the teacher's probabilities; a difference of two rewards has none.
 *
 * @throws {RewardError} `REWARD_OPTION` where `target` or `mode` needs a function that is missing
 */
export function icAlignment(options: IcAlignmentOptions): AlignmentReward {
  checkOptions('icAlignment', options, IC_ALIGNMENT_OPTIONS);
  const { predictClick, form = 'brier', target = 'label', mode = 'absolute' } = options;
  const teacher = target === 'teacher' ? needed(options.teacher, 'teacher', "target 'teacher'") : null;
  const predictWithMean = mode === 'difference' ? needed(options.predictWithMean, 'predictWithMean', "mode 'difference'") : null;
  const { minimum } = alignmentBounds(form);

  return async (rows) => {
    const targets = teacher === null ? rows.label : await predictions('teacher', teacher, rows);
    const rewards = alignment(form, await predictions('p_IC', predictClick, rows), targets);
    for (let row = 0; row < rows.length; row += 1) if (isEmptyExplanation(rows, row)) rewards[row] = minimum;
    if (predictWithMean === null) return { values: rewards, figures: alignmentFigures(form, targets) };
    const withMean = alignment(form, await predictions('p_IC with the mean vector', predictWithMean, rows), targets);
    return { values: rewards.map((reward, row) => reward - (withMean[row] ?? 0)), figures: {} };
  };
}

const options = z.object({
  form: formOption,
  target: z
    .enum(['label', 'teacher'])
    .default('label')
    .describe("what p_IC is to agree with: the label, or the ID-only model's probability"),
  mode: z
    .enum(['absolute', 'difference'])
    .default('absolute')
    .describe('the reward itself, or its gain over what the mean explanation earns'),
});

/** IC alignment as a part of a run. */
export const icPart: Reward<z.output<typeof options>> = {
  name: 'ic',
  description: "IC alignment: the explanation's vector helps the CTR model",
  options,
  create(context, { form, target, mode }) {
    const { predict, predictAtMean, teacher } = requireClicks(context, 'ic');
    const common = { form, target, mode, predictClick: predict, predictWithMean: predictAtMean };
    return icAlignment(teacher === null ? common : { ...common, teacher });
  },
};

async function predictions(name: string, predict: ClickPredictor, rows: RewardRows): Promise<ArrayLike<number>> {
  const values = await predict(rows);
  requireLength(name, values, rows.length);
  return values;
}

function needed(predict: ClickPredictor | undefined, name: string, option: string): ClickPredictor {
  if (predict !== undefined) return predict;
  throw new RewardError('REWARD_OPTION', `icAlignment with ${option} was given no ${name}`, {
    remedy: `pass ${name}, a function (rows) => probabilities`,
  });
}
