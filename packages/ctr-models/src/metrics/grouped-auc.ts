import { CtrError } from '../errors.js';
import { checkLabelledScores } from './check.js';
import { checkGroups, denseGroups, rowsByGroup } from './groups.js';
import { ascendingOrder } from './order.js';

/** What {@link groupedAuc} found. */
export interface GroupedAuc {
  /** Mean of the groups' AUCs, weighted by their rows (impressions): GAUC. */
  readonly auc: number;
  /** Mean of the groups' AUCs, each group counted once: UAUC. */
  readonly unweightedAuc: number;
  /** Groups with both classes: those that count. */
  readonly groups: number;
  /** Rows in those groups. */
  readonly rows: number;
  /** Groups left out because all their labels are equal: they have no AUC. */
  readonly skippedGroups: number;
  /** Rows in the groups left out. */
  readonly skippedRows: number;
}

/**
 * AUC within each group (user), averaged with the number of rows as weight, "GAUC" of Zhu et al. 2017 (KDD), equation 8, and with
 * every group weighing the same, "UAUC".
 *
 * @param labels 0 or 1, one a row.
 * @param scores larger for rows more likely positive.
 * @param groups whose row it is: integer codes, one a row.
 * @throws CtrError `CTR_ONE_CLASS` where no group has both classes; `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function groupedAuc(labels: ArrayLike<number>, scores: ArrayLike<number>, groups: ArrayLike<number>): GroupedAuc {
  checkLabelledScores('groupedAuc', labels, scores);
  checkGroups('groupedAuc', labels.length, groups);
  const { starts, rows: order } = rowsByGroup(denseGroups(groups), ascendingOrder(scores));

  let weighted = 0;
  let total = 0;
  let counted = 0;
  let rows = 0;
  for (let group = 0; group + 1 < starts.length; group += 1) {
    const members = starts[group + 1]! - starts[group]!;
    const area = aucOfOrdered(labels, scores, order, starts[group]!, starts[group + 1]!);
    if (Number.isNaN(area)) continue;
    weighted += area * members;
    total += area;
    rows += members;
    counted += 1;
  }
  const skippedGroups = starts.length - 1 - counted;
  if (counted === 0) {
    throw new CtrError('CTR_ONE_CLASS', `none of the ${skippedGroups} groups has rows of both classes`, {
      where: 'groupedAuc',
      expected: 'at least one group with a 0 and a 1',
    });
  }
  return {
    auc: weighted / rows,
    unweightedAuc: total / counted,
    groups: counted,
    rows,
    skippedGroups,
    skippedRows: labels.length - rows,
  };
}

/** AUC of the rows `order[start .. end)`, which ascend by score; NaN where they have one class. */
function aucOfOrdered(labels: ArrayLike<number>, scores: ArrayLike<number>, order: Uint32Array, start: number, end: number): number {
  let halves = 0;
  let positives = 0;
  let negatives = 0;
  for (let at = start; at < end;) {
    const score = scores[order[at]!]!;
    let tiedPositives = 0;
    const first = at;
    for (; at < end && scores[order[at]!]! === score; at += 1) tiedPositives += labels[order[at]!]!;
    const tiedNegatives = at - first - tiedPositives;
    halves += tiedPositives * (2 * negatives + tiedNegatives);
    positives += tiedPositives;
    negatives += tiedNegatives;
  }
  return halves / (2 * positives * negatives);
}
