import type { RowFacts, StatedClaim } from '../facts.js';
import type { ReasonPosterior } from './posterior.js';

/** What could be said of an attribute of an item, and how well it is founded. */
export interface Candidate {
  readonly attribute: string;
  readonly sign: 1 | -1;
  /** Claimed from a threshold on. */
  readonly score: number;
  /** Expected size of the contribution to the logit, where it is estimated: a strong reason from a cut on. */
  readonly size?: number;
}

/** A row's candidates beside what is true of it. */
export interface JudgedRow {
  readonly facts: Pick<RowFacts, 'reasons'>;
  readonly candidates: readonly Candidate[];
}

/** Every attribute of the item with its more probable sign, and the probability of being a true reason of that sign as its score. */
export function probableReasons({ item }: Pick<RowFacts, 'item'>, { inFavor, against }: ReasonPosterior): Candidate[] {
  return item.map((attribute, at) =>
    inFavor[at]! >= against[at]! ? { attribute, sign: 1, score: inFavor[at]! } : { attribute, sign: -1, score: against[at]! },
  );
}

/**
 * The claims of an explainer who says what has at least the threshold's score.
 * @param cut size from which on a claim is strong; claims whose size is unknown have no degree
 */
export function claimsAbove(candidates: readonly Candidate[], threshold: number, cut = 1): StatedClaim[] {
  return candidates
    .filter(({ score }) => score >= threshold)
    .map(({ attribute, sign, size }) => {
      const [field = '', value = ''] = attribute.split('\n');
      return { field, value, sign, ...(size === undefined ? {} : { strength: size >= cut ? 2 : 1 }) };
    });
}

/**
 * The threshold with the best micro-averaged F1 on given rows: claims are added from the highest score on, and the best place to
 * stop is kept. (Where scores are probabilities it is half of the F1 reached: Lipton, Elkan and Naryanaswamy 2014, "Optimal thresholding
 * of classifiers to maximize F1 measure".)
 */
export function bestThreshold(rows: readonly JudgedRow[]): number {
  const all = rows.flatMap(({ facts, candidates }) =>
    candidates.map(({ attribute, sign, score }) => ({ score, right: facts.reasons.get(attribute)?.sign === sign })),
  );
  all.sort((a, b) => b.score - a.score);
  const reasons = rows.reduce((sum, { facts }) => sum + facts.reasons.size, 0);
  let [hits, best, threshold] = [0, -1, 1];
  all.forEach(({ score, right }, at) => {
    if (right) hits += 1;
    if (score === all[at + 1]?.score) return; // claims of equal score stand or fall together
    const f1 = (2 * hits) / (at + 1 + reasons);
    if (f1 > best) [best, threshold] = [f1, score];
  });
  return threshold;
}

/**
 * The size from which on a claim should be strong: the one with the most right degrees among candidates that name a true reason with its
 * sign. An expectation is nearer to 0 than what it is of, so this is below the size that makes a reason strong.
 */
export function bestCut(rows: readonly JudgedRow[]): number {
  const right = rows.flatMap(({ facts, candidates }) =>
    candidates.flatMap(({ attribute, sign, size }) => {
      const reason = facts.reasons.get(attribute);
      return size !== undefined && reason?.sign === sign ? [{ size, strong: reason.strength === 2 }] : [];
    }),
  );
  right.sort((a, b) => b.size - a.size);
  let [gain, best, cut] = [0, 0, Infinity]; // of calling the largest strong, over calling none so
  right.forEach(({ size, strong }, at) => {
    gain += strong ? 1 : -1;
    if (size === right[at + 1]?.size) return;
    if (gain > best) [best, cut] = [gain, size];
  });
  return cut;
}
