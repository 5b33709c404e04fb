import { alignment, alignmentBounds, type AlignmentForm } from './alignment.js';
import { RewardError, requireLength } from './errors.js';
import { isEmptyExplanation, type RewardFunction, type RewardRows } from './reward-rows.js';

/** A click-through-rate model as rewards see it: columns in, [rows] probabilities out. */
export type ClickPredictor = (rows: RewardRows) => Promise<ArrayLike<number>>;

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

/**
 * IC alignment (explanation and ID-CTR; arXiv 2412.02588): rewards an explanation whose vector helps the CTR model.
 *
 * An explanation of which nothing was left to encode gets the form's minimum (in mode `difference`: the minimum less the
 * reward of the mean vector). Rewards lie within the form's bounds; differences within plus or minus their width.
 *
 * @throws {RewardError} `REWARD_OPTION` where `target` or `mode` needs a function that is missing
 */
export function icAlignment(options: IcAlignmentOptions): RewardFunction {
  const { predictClick, form = 'brier', target = 'label', mode = 'absolute' } = options;
  const teacher = target === 'teacher' ? needed(options.teacher, 'teacher', "target 'teacher'") : null;
  const predictWithMean = mode === 'difference' ? needed(options.predictWithMean, 'predictWithMean', "mode 'difference'") : null;
  const { minimum } = alignmentBounds(form);

  return async (rows) => {
    const targets = teacher === null ? rows.label : await predictions('teacher', teacher, rows);
    const rewards = alignment(form, await predictions('p_IC', predictClick, rows), targets);
    for (let row = 0; row < rows.length; row += 1) if (isEmptyExplanation(rows, row)) rewards[row] = minimum;
    if (predictWithMean === null) return rewards;
    const withMean = alignment(form, await predictions('p_IC with the mean vector', predictWithMean, rows), targets);
    return rewards.map((reward, row) => reward - (withMean[row] ?? 0));
  };
}

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
