import { z } from 'zod';
import { requireLength, requireProbability } from './errors.js';
import type { RewardRows, RewardValues } from './reward-rows.js';

/**
 * How a probability p is rewarded for agreeing with a target y.
 *
 * - `brier`: 1 - (y - p)^2, a proper score (Brier 1950): the best p is the true probability. In [0, 1].
 * - `log`: y log p + (1 - y) log(1 - p), natural logarithm, proper too, with p clipped to [{@link logClip}, 1 - {@link logClip}].
 * - `linear`: 1 - |y - p|, the form that the paper suggests (arXiv 2412.02588). Not proper: it is best served by p = 0 or 1 on
 *   the side of the majority class, and is kept for comparison. In [0, 1].
 */
export type AlignmentForm = 'brier' | 'log' | 'linear';

/** The probability to which the `log` form clips p from below (and 1 - p): one wrong certainty costs at most log(0.01) = -4.6. */
export const logClip = 0.01;

interface FormRule {
  /** Reward of probability `p` for target `y`, both in [0, 1]. */
  readonly reward: (p: number, y: number) => number;
  /** The least reward; also what an explanation without content gets. */
  readonly minimum: number;
  /** The greatest reward. */
  readonly maximum: number;
  /** The constant probability that maximizes the mean reward over the targets, which come sorted upwards and are not empty. */
  readonly bestConstant: (sorted: Float64Array) => number;
}

const clip = (p: number): number => Math.min(1 - logClip, Math.max(logClip, p));
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (sorted: Float64Array): number => sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;

const rules: { readonly [F in AlignmentForm]: FormRule } = {
  brier: { reward: (p, y) => 1 - (y - p) ** 2, minimum: 0, maximum: 1, bestConstant: mean },
  log: {
    reward: (p, y) => y * Math.log(clip(p)) + (1 - y) * Math.log(1 - clip(p)),
    minimum: Math.log(logClip),
    maximum: Math.log(1 - logClip),
    bestConstant: (sorted) => clip(mean(sorted)),
  },
  linear: { reward: (p, y) => 1 - Math.abs(y - p), minimum: 0, maximum: 1, bestConstant: median },
};

/** Every form, the default first. */
export const alignmentForms: readonly AlignmentForm[] = Object.keys(rules) as AlignmentForm[];

/** The option that names the form of an alignment reward. */
export const formOption = z
  .enum(['brier', 'log', 'linear'] satisfies readonly AlignmentForm[])
  .default('brier')
  .describe('how agreement is rewarded: brier and log are best served by the true probability, linear by the majority class');

/** A reward with a form: its values, and the figure `best_constant` where a constant predictor is comparable. */
export type AlignmentReward = (rows: RewardRows) => Promise<RewardValues & { readonly values: Float64Array }>;

/** The range of a form's rewards. */
export interface AlignmentBounds {
  /** The least reward; also that of an explanation left empty. */
  readonly minimum: number;
  /** The greatest reward. */
  readonly maximum: number;
}

/** A predictor that says the same for every row. */
export interface BestConstant {
  /** What it says. */
  readonly probability: number;
  /** Mean reward that it earns. */
  readonly reward: number;
}

/** Least and greatest reward of a form. The least is also the reward of an explanation that was left empty. */
export function alignmentBounds(form: AlignmentForm): AlignmentBounds {
  const { minimum, maximum } = rules[form];
  return { minimum, maximum };
}

/**
 * Rewards each probability `p[row]` for agreeing with its target `y[row]`.
 *
 * @param form see {@link AlignmentForm}
 * @param p [rows] probabilities of a click
 * @param y [rows] labels 0 or 1, or a teacher's probabilities
 * @returns [rows] rewards within {@link alignmentBounds}
 * @throws {RewardError} `REWARD_LENGTH_MISMATCH`, `REWARD_NOT_A_PROBABILITY` (NaN included)
 */
export function alignment(form: AlignmentForm, p: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  requireLength('y', y, p.length);
  const { reward } = rules[form];
  const rewards = new Float64Array(p.length);
  for (let row = 0; row < p.length; row += 1) {
    rewards[row] = reward(requireProbability('p', p[row], row), requireProbability('y', y[row], row));
  }
  return rewards;
}

/**
 * The constant predictor that earns most: for `brier` and `log` the mean of the targets (the label rate), for `linear`
 * their median (the majority class). A reward that does not beat it says nothing about a single row.
 *
 * @param y [rows] labels or a teacher's probabilities
 * @returns the constant and its mean reward, or null without rows
 */
export function bestConstant(form: AlignmentForm, y: ArrayLike<number>): BestConstant | null {
  if (y.length === 0) return null;
  const targets = Float64Array.from(y, (value, row) => requireProbability('y', value, row)).sort();
  const probability = rules[form].bestConstant(targets);
  const rewards = alignment(form, new Float64Array(targets.length).fill(probability), targets);
  return { probability, reward: mean(rewards) };
}

/** The figures of an alignment reward for the log: `best_constant`, the mean reward of the best constant predictor of these targets. */
export function alignmentFigures(form: AlignmentForm, y: ArrayLike<number>): Record<string, number> {
  const best = bestConstant(form, y);
  return best === null ? {} : { best_constant: best.reward };
}
