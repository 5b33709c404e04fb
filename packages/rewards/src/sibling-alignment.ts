import { atMost, checkOptions, type OptionKeys } from '@expctr/core';
import { z } from 'zod';
import { alignment, alignmentBounds, formOption, type AlignmentForm } from './alignment.js';
import { requireLength } from './errors.js';
import type { Sibling } from './reward-context.js';
import type { Reward } from './reward.js';
import { isEmptyExplanation, type ReaderRows, type RewardRows } from './reward-rows.js';

/** Options of {@link siblingAlignment}. */
export interface SiblingAlignmentOptions {
  /** Siblings of an interaction, from rows whose labels the policy may learn from; empty where it has none. */
  readonly siblings: (interactionId: number) => readonly Sibling[];
  /** p_LC of each row, as in LC alignment. */
  readonly read: (rows: ReaderRows) => Promise<ArrayLike<number>>;
  /** Default `brier`. */
  readonly form?: AlignmentForm;
}

const SIBLING_ALIGNMENT_OPTIONS: OptionKeys<SiblingAlignmentOptions> = { siblings: true, read: true, form: true };

/**
 * LC alignment on other items: the explanation is read as if it had been written about each sibling, and its reward is the mean
 * agreement with what the user did there. A true taste holds for every item that has the attribute; a reason that was made up to fit
 * one label does not. So this pays for the reasons where LC alignment alone (arXiv 2412.02588) pays for their sum. It is an addition
 * of this project, not the paper's.
 *
 * Does not apply (null) to rows without siblings. An explanation of which nothing was left to read gets the form's minimum.
 */
export function siblingAlignment(parameters: SiblingAlignmentOptions): (rows: RewardRows) => Promise<(number | null)[]> {
  checkOptions('siblingAlignment', parameters, SIBLING_ALIGNMENT_OPTIONS);
  const { siblings, read, form = 'brier' } = parameters;
  const { minimum } = alignmentBounds(form);
  return async (rows) => {
    const pairs = Array.from({ length: rows.length }, (_, row) =>
      siblings(rows.interactionId[row]!).map((sibling) => ({ row, sibling })),
    ).flat();
    const probabilities = await read({
      length: pairs.length,
      item: pairs.map(({ sibling }) => sibling.item),
      read: pairs.map(({ row }) => rows.read[row]!),
      ...(rows.history === undefined ? {} : { history: pairs.map(({ sibling }) => sibling.history ?? { liked: [], disliked: [] }) }),
    });
    requireLength('p_LC', probabilities, pairs.length);
    const labels = pairs.map(({ sibling }) => sibling.label);
    const sums = new Float64Array(rows.length);
    const counts = new Uint32Array(rows.length);
    alignment(form, probabilities, labels).forEach((reward, at) => {
      const { row } = pairs[at]!;
      sums[row]! += reward;
      counts[row]! += 1;
    });
    return Array.from(sums, (sum, row) => (counts[row] === 0 ? null : isEmptyExplanation(rows, row) ? minimum : sum / counts[row]!));
  };
}

const options = z.object({
  form: formOption,
  items: z
    .int()
    .min(1)
    .max(1000, atMost(1000, 'each is one more reading of every explanation'))
    .default(2)
    .describe('other items on which an explanation is read, for each attribute of its item'),
});

/** LC alignment on other items as a part of a run. */
export const siblingsPart: Reward<z.output<typeof options>> = {
  name: 'siblings',
  description: 'LC alignment on other items of the user that share attributes: pays for reasons that hold there, too',
  options,
  create: (context, { form, items }) =>
    siblingAlignment({ read: (rows) => context.read(rows), siblings: (id) => context.siblings(id, items), form }),
};
