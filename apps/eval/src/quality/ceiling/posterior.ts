import type { Rng } from '@expctr/core';
import type { RowFacts } from '../facts.js';
import { fitBoostedTrees } from './boosted-trees.js';
import { ATTRIBUTE_EVIDENCE, type Evidence } from './history-evidence.js';

/** P(true reason for the item) and P(true reason against it) of every attribute of an interaction's item. */
export interface ReasonPosterior {
  readonly inFavor: Float64Array;
  readonly against: Float64Array;
}

/** What an ideal reader of the visible history knows. */
export interface VisibleHistoryModel {
  /** Posterior of each attribute of the item being a true reason, by sign. */
  reasons(row: number): ReasonPosterior;
  /** P(label = 1) given the visible history. */
  click(row: number): number;
}

/** What {@link fitVisibleHistory} learns from. */
export interface VisibleHistoryInput {
  /** Rows to fit on, and for each whether it is held out for early stopping. */
  readonly rows: readonly number[];
  readonly held: (row: number) => boolean;
  readonly evidence: (row: number) => Evidence;
  readonly facts: (row: number) => RowFacts;
  readonly bayesProbability: (row: number) => number;
  readonly rng: Rng;
}

/** More rows make the estimate slower, hardly better. */
const MAXIMUM_ROWS = 8_000;

/**
 * Estimates what the visible history tells: two gradient-boosted models of an attribute being a true reason for or against, given the
 * evidence on it, and one of the label, given the posterior means of the item's attributes. The latter is fitted on the world's own
 * probabilities, of which the labels are draws: the same expectation with less noise.
 */
export function fitVisibleHistory({ rows, held, evidence, facts, bayesProbability, rng }: VisibleHistoryInput): VisibleHistoryModel {
  const used = rows.length <= MAXIMUM_ROWS ? [...rows] : rng.shuffle([...rows]).slice(0, MAXIMUM_ROWS);
  const examples = used.flatMap((row) => {
    const { item, reasons } = facts(row);
    const { attributes } = evidence(row);
    return item.map((attribute, at) => ({ features: attributes[at]!, sign: reasons.get(attribute)?.sign ?? 0, held: held(row) ? 1 : 0 }));
  });
  const width = ATTRIBUTE_EVIDENCE.length;
  const stop = examples.map((example) => example.held);
  const features = flat(examples.map((example) => example.features));
  const signModel = (sign: 1 | -1) =>
    fitBoostedTrees({ features, width, target: examples.map((example) => (example.sign === sign ? 1 : 0)), held: stop });
  const [inFavor, against] = [signModel(1), signModel(-1)];
  const reasons = (row: number): ReasonPosterior => {
    const own = flat(evidence(row).attributes);
    return { inFavor: inFavor(own), against: against(own) };
  };

  const summary = (row: number): Float64Array => {
    const { rate, length, attributes } = evidence(row);
    const posterior = reasons(row);
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    const [plus, minus] = [sum(posterior.inFavor), sum(posterior.against)];
    return Float64Array.of(
      plus - minus,
      plus,
      minus,
      rate,
      length,
      attributes[0]?.at(-1) ?? 0,
      Math.max(0, ...posterior.inFavor),
      Math.max(0, ...posterior.against),
    );
  };
  const summaries = used.map(summary);
  const click = fitBoostedTrees(
    {
      features: flat(summaries),
      width: summaries[0]?.length ?? 1,
      target: used.map(bayesProbability),
      held: used.map((row) => (held(row) ? 1 : 0)),
    },
    { depth: 3 },
  );
  return { reasons, click: (row) => click(summary(row))[0]! };
}

function flat(lists: readonly Float64Array[]): Float64Array {
  const width = lists[0]?.length ?? 0;
  const out = new Float64Array(lists.length * width);
  lists.forEach((list, at) => out.set(list, at * width));
  return out;
}
