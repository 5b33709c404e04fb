import { CtrError } from '../errors.js';
import { denseGroups } from './groups.js';
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
  const { codes, count } = groups === undefined ? { codes: undefined, count: labels.length } : denseGroups(groups);
  // By class: rows of each group, and the sums of their components.
  const rows = [new Float64Array(count), new Float64Array(count)] as const;
  const sums = [
    { a: new Float64Array(count), b: new Float64Array(count) },
    { a: new Float64Array(count), b: new Float64Array(count) },
  ] as const;
  const total = [0, 0];
  for (let row = 0; row < labels.length; row += 1) {
    const group = codes === undefined ? row : codes[row]!;
    const label = labels[row]! as 0 | 1;
    rows[label][group]! += 1;
    sums[label].a[group]! += a.values[row]!;
    sums[label].b[group]! += b.values[row]!;
    total[label]! += 1;
  }
  const withRows = rows.map((of) => of.reduce((found, rowsOfGroup) => found + Number(rowsOfGroup > 0), 0));
  for (const label of [0, 1] as const) {
    if (withRows[label]! >= 2) continue;
    const what = groups === undefined ? 'rows' : 'groups with rows';
    throw new CtrError('CTR_ONE_CLASS', `the ${what} of label ${label} are ${withRows[label]}`, {
      where,
      expected: `at least two ${what} of each label`,
      remedy: 'evaluate on more rows',
    });
  }
  const [n, m] = [total[0]!, total[1]!];
  const moments = { positives: 0, negatives: 0, across: 0 };
  for (let group = 0; group < count; group += 1) {
    const centered = (label: 0 | 1, of: 'a' | 'b', auc: number): number => sums[label][of][group]! - rows[label][group]! * auc;
    const [negativeA, positiveA] = [centered(0, 'a', a.auc), centered(1, 'a', a.auc)];
    const [negativeB, positiveB] = [centered(0, 'b', b.auc), centered(1, 'b', b.auc)];
    moments.positives += positiveA * positiveB;
    moments.negatives += negativeA * negativeB;
    moments.across += positiveA * negativeB + negativeA * positiveB;
  }
  return (
    ((withRows[1]! / (withRows[1]! - 1)) * moments.positives) / m ** 2 +
    ((withRows[0]! / (withRows[0]! - 1)) * moments.negatives) / n ** 2 +
    ((count / (count - 1)) * moments.across) / (m * n)
  );
}
