import type { Rng } from '@expctr/core';
import { percentileInterval } from '@expctr/ctr-models';
import type { Interval } from '../figures/interval.js';
import type { QualityDifference, QualityFigure, QualityFigures } from '../figures/quality.js';
import { bootstrapTotals, totalsOf } from '../statistics/bootstrap-totals.js';
import { COUNTS, hits, type ClaimCounts } from './claim-counts.js';

/** Figures that follow from totals of counts: micro averages over explanations. NaN where nothing is counted below the line. */
const figures: Readonly<Record<QualityFigure, (totals: ClaimCounts) => number>> = {
  precision: (t) => hits(t) / t.claims,
  recall: (t) => hits(t) / t.reasons,
  f1: (t) => (2 * hits(t)) / (t.claims + t.reasons),
  polarityAccuracy: (t) => hits(t) / (t.forAsFor + t.forAsAgainst + t.againstAsFor + t.againstAsAgainst),
  signAuc: (t) => {
    const [trueShare, falseShare] = [t.forAsFor / (t.forAsFor + t.forAsAgainst), t.againstAsFor / (t.againstAsFor + t.againstAsAgainst)];
    return (1 + trueShare - falseShare) / 2;
  },
  degreeAccuracy: (t) => t.degreeRight / (t.degreeRight + t.degreeWrong),
  hallucinationRate: (t) => t.invented / t.claims,
  offItemRate: (t) => t.offItem / t.claims,
  claimsPerExplanation: (t) => t.claims / t.rows,
  silentShare: (t) => t.silent / t.rows,
  malformedShare: (t) => t.malformed / t.rows,
};

/** Several explainers on the same rows. */
export interface ComparedExplainers {
  readonly quality: ReadonlyMap<string, QualityFigures>;
  /** F1 of `model` less that of `against`, with the interval of the paired difference. Null where either has none. */
  difference(model: string, against: string): QualityDifference;
  /** Share of the gap in F1 between `from` and `to` that `model` closes. */
  gapClosed(model: string, from: string, to: string): { readonly share: number | null; readonly interval: Interval | null };
}

/**
 * Figures of explainers that explained the same rows, over the same resamples of users.
 *
 * @param user [rows] user codes
 * @param explainers by name: [rows] counts
 */
export function compareExplainers(
  user: ArrayLike<number>,
  explainers: ReadonlyMap<string, readonly ClaimCounts[]>,
  resamples: number,
  rng: Rng,
): ComparedExplainers {
  const names = [...explainers.keys()];
  const columns = names.flatMap((name) => COUNTS.map((count) => Float64Array.from(explainers.get(name) ?? [], (counts) => counts[count])));
  const figureNames = Object.keys(figures) as QualityFigure[];
  const statistics = names.flatMap((_, at) => figureNames.map((figure) => (totals: Float64Array) => figures[figure](countsAt(totals, at))));
  const totals = totalsOf(columns);
  const draws = bootstrapTotals({ user, columns }, statistics, resamples, rng);
  const place = (name: string, figure: QualityFigure): number => names.indexOf(name) * figureNames.length + figureNames.indexOf(figure);
  const value = (name: string, figure: QualityFigure): number => statistics[place(name, figure)]?.(totals) ?? Number.NaN;
  const drawsOf = (name: string): Float64Array => draws[place(name, 'f1')] ?? new Float64Array();

  const quality = names.map((name) => {
    const entries = figureNames.flatMap((figure): [string, number | Interval | null][] => [
      [figure, finite(value(name, figure))],
      [`${figure}Interval`, percentileInterval(draws[place(name, figure)]!)],
    ]);
    return [name, Object.fromEntries(entries) as QualityFigures] as const;
  });
  return {
    quality: new Map(quality),
    difference: (model, against) => ({
      f1: finite(value(model, 'f1') - value(against, 'f1')),
      f1Interval: percentileInterval(drawsOf(model).map((f1, at) => f1 - drawsOf(against)[at]!)),
    }),
    gapClosed: (model, from, to) => ({
      share: finite((value(model, 'f1') - value(from, 'f1')) / (value(to, 'f1') - value(from, 'f1'))),
      interval: percentileInterval(drawsOf(model).map((f1, at) => (f1 - drawsOf(from)[at]!) / (drawsOf(to)[at]! - drawsOf(from)[at]!))),
    }),
  };
}

function countsAt(totals: Float64Array, explainer: number): ClaimCounts {
  const start = explainer * COUNTS.length;
  return Object.fromEntries(COUNTS.map((count, at) => [count, totals[start + at]!])) as unknown as ClaimCounts;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
