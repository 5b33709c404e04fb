import { checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { alignment, alignmentBounds, alignmentFigures, formOption, type AlignmentForm, type AlignmentReward } from './alignment.js';
import { requireLength } from './errors.js';
import type { Reward } from './reward.js';
import { isEmptyExplanation, type RewardRows } from './reward-rows.js';

/** Options of {@link lcAlignment}. */
export interface LcAlignmentOptions {
  /** p_LC of each row: what the frozen language model, reading item and explanation, holds to be the chance of a click. */
  readonly read: (rows: RewardRows) => Promise<ArrayLike<number>>;
  /** Default `brier`. */
  readonly form?: AlignmentForm;
}

const LC_ALIGNMENT_OPTIONS: OptionKeys<LcAlignmentOptions> = { read: true, form: true };

/**
 * LC alignment (explanation and LLM-CTR; arXiv 2412.02588): rewards an explanation from which a reader can tell what the user did.
 *
 * An explanation of which nothing was left to read gets the form's minimum; its p_LC is a prediction from the item alone and
 * no merit of the explanation. Its figure for the log is `best_constant`.
 */
export function lcAlignment(parameters: LcAlignmentOptions): AlignmentReward {
  checkOptions('lcAlignment', parameters, LC_ALIGNMENT_OPTIONS);
  const { read, form = 'brier' } = parameters;
  const { minimum } = alignmentBounds(form);
  return async (rows) => {
    const probabilities = await read(rows);
    requireLength('p_LC', probabilities, rows.length);
    const values = alignment(form, probabilities, rows.label).map((reward, row) => (isEmptyExplanation(rows, row) ? minimum : reward));
    return { values, figures: alignmentFigures(form, rows.label) };
  };
}

const options = z.object({ form: formOption });

/** LC alignment as a part of a run. */
export const lcPart: Reward<z.output<typeof options>> = {
  name: 'lc',
  description: 'LC alignment: the frozen language model, reading item and explanation, can tell what the user did',
  options,
  create: (context, { form }) => lcAlignment({ read: (rows) => context.read(rows), form }),
};
