import type { Claim } from '@expctr/testbed';
import type { RowFacts } from '../facts.js';
import type { ReasonPosterior } from './posterior.js';

/** One attribute with its more probable sign. */
interface Candidate {
  readonly attribute: string;
  readonly sign: 1 | -1;
  readonly probability: number;
}

function candidates({ item }: Pick<RowFacts, 'item'>, { inFavor, against }: ReasonPosterior): Candidate[] {
  return item.map((attribute, at) =>
    inFavor[at]! >= against[at]! ? { attribute, sign: 1, probability: inFavor[at]! } : { attribute, sign: -1, probability: against[at]! },
  );
}

/** The claims of an explainer who says what is at least as probable as the threshold. */
export function claimsAbove(facts: Pick<RowFacts, 'item'>, posterior: ReasonPosterior, threshold: number): Claim[] {
  return candidates(facts, posterior)
    .filter(({ probability }) => probability >= threshold)
    .map(({ attribute, sign }) => {
      const [field = '', value = ''] = attribute.split('\n');
      return { field, value, sign };
    });
}

/**
 * The threshold with the best micro-averaged F1 on given rows: claims are added from the most probable on, and the best place to
 * stop is kept. (At the optimum it is half of the F1 reached: Lipton, Elkan and Naryanaswamy 2014, "Optimal thresholding of
 * classifiers to maximize F1 measure".)
 */
export function bestThreshold(rows: readonly { readonly facts: RowFacts; readonly posterior: ReasonPosterior }[]): number {
  const all = rows.flatMap(({ facts, posterior }) =>
    candidates(facts, posterior).map(({ attribute, sign, probability }) => ({ probability, right: facts.reasons.get(attribute) === sign })),
  );
  all.sort((a, b) => b.probability - a.probability);
  const reasons = rows.reduce((sum, { facts }) => sum + facts.reasons.size, 0);
  let [hits, best, threshold] = [0, -1, 1];
  all.forEach(({ probability, right }, at) => {
    if (right) hits += 1;
    if (probability === all[at + 1]?.probability) return; // claims of equal probability stand or fall together
    const f1 = (2 * hits) / (at + 1 + reasons);
    if (f1 > best) [best, threshold] = [f1, probability];
  });
  return threshold;
}
