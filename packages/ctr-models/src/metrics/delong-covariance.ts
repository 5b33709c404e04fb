import { CtrError } from '../errors.js';
import { denseGroups, type DenseGroups } from './groups.js';
import { ascendingOrder } from './order.js';

/** The structural components of an AUC: what each row adds to it. */
export interface StructuralComponents {
  /** Their mean over the positives, and over the negatives. */
  readonly auc: number;
  /** Of a positive the share of negatives below it, of a negative the share of positives above it, ties a half. One a row. */
  readonly values: Float64Array;
}

/** The components V10 and V01 of DeLong et al. 1988, equations 5 and 6, in one walk along the ordered rows. */
export function structuralComponents(labels: ArrayLike<number>, scores: ArrayLike<number>): StructuralComponents {
  const order = ascendingOrder(scores);
  let positives = 0;
  for (let i = 0; i < labels.length; i += 1) positives += labels[i]!;
  const negatives = labels.length - positives;
  const values = new Float64Array(labels.length);
  let halves = 0; // 2 for each pair won, 1 for each tie
  let [positivesBelow, negativesBelow] = [0, 0];
  for (let first = 0, end = 0; first < order.length; first = end) {
    let tiedPositives = 0;
    for (; end < order.length && scores[order[end]!]! === scores[order[first]!]!; end += 1) tiedPositives += labels[order[end]!]!;
    const tiedNegatives = end - first - tiedPositives;
    for (let at = first; at < end; at += 1) {
      const row = order[at]!;
      values[row] =
        labels[row] === 1 ? (negativesBelow + tiedNegatives / 2) / negatives : (positives - positivesBelow - tiedPositives / 2) / positives;
    }
    halves += tiedPositives * (2 * negativesBelow + tiedNegatives);
    positivesBelow += tiedPositives;
    negativesBelow += tiedNegatives;
  }
  return { auc: halves / (2 * positives * negatives), values };
}

/**
 * Covariance of two AUCs of the same rows, of one AUC with itself its variance: DeLong et al. 1988, equation 7, which is Obuchowski 1997,
 * equations 4 to 7, for groups of a row each.
 * @throws CtrError `CTR_ONE_CLASS` where a class has fewer than two rows, or groups
 */
export function aucCovariance(
  where: string,
  labels: ArrayLike<number>,
  a: StructuralComponents,
  b: StructuralComponents,
  groups: ArrayLike<number> | undefined,
): number {
  const {
    rows,
    groups: withRows,
    moments,
    count,
  } = groups === undefined ? momentsOfRows(labels, a, b) : momentsOfGroups(labels, a, b, denseGroups(groups));
  for (const label of [0, 1] as const) {
    if (withRows[label] >= 2) continue;
    const what = groups === undefined ? 'rows' : 'groups with rows';
    throw new CtrError('CTR_ONE_CLASS', `the ${what} of label ${label} are ${withRows[label]}`, {
      where,
      expected: `at least two ${what} of each label`,
      remedy: 'evaluate on more rows',
    });
  }
  const [n, m] = rows;
  return (
    ((withRows[1] / (withRows[1] - 1)) * moments.positives) / m ** 2 +
    ((withRows[0] / (withRows[0] - 1)) * moments.negatives) / n ** 2 +
    ((count / (count - 1)) * moments.across) / (m * n)
  );
}

/** By class, label 0 first: rows, groups with rows, and the sums of products of centered components; `across` of both classes. */
interface Moments {
  readonly rows: readonly [number, number];
  readonly groups: readonly [number, number];
  /** Groups in all. */
  readonly count: number;
  readonly moments: { readonly negatives: number; readonly positives: number; readonly across: number };
}

/** Of rows that are groups by themselves. */
function momentsOfRows(labels: ArrayLike<number>, a: StructuralComponents, b: StructuralComponents): Moments {
  let [positiveRows, positives, negatives] = [0, 0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const product = (a.values[row]! - a.auc) * (b.values[row]! - b.auc);
    if (labels[row] === 1) {
      positiveRows += 1;
      positives += product;
    } else {
      negatives += product;
    }
  }
  const rows = [labels.length - positiveRows, positiveRows] as const;
  return { rows, groups: rows, count: labels.length, moments: { negatives, positives, across: 0 } };
}

function momentsOfGroups(
  labels: ArrayLike<number>,
  a: StructuralComponents,
  b: StructuralComponents,
  { codes, count }: DenseGroups,
): Moments {
  const classes = [0, 1].map(() => ({ rows: new Float64Array(count), a: new Float64Array(count), b: new Float64Array(count) }));
  for (let row = 0; row < labels.length; row += 1) {
    const of = classes[labels[row]!]!;
    const group = codes[row]!;
    of.rows[group]! += 1;
    of.a[group]! += a.values[row]! - a.auc;
    of.b[group]! += b.values[row]! - b.auc;
  }
  const [zero, one] = [classes[0]!, classes[1]!];
  let [positives, negatives, across] = [0, 0, 0];
  for (let group = 0; group < count; group += 1) {
    positives += one.a[group]! * one.b[group]!;
    negatives += zero.a[group]! * zero.b[group]!;
    across += one.a[group]! * zero.b[group]! + zero.a[group]! * one.b[group]!;
  }
  const total = ({ rows }: typeof zero): number => rows.reduce((sum, more) => sum + more, 0);
  const filled = ({ rows }: typeof zero): number => rows.reduce((sum, more) => sum + Number(more > 0), 0);
  return { rows: [total(zero), total(one)], groups: [filled(zero), filled(one)], count, moments: { positives, negatives, across } };
}
