import { CtrError } from '../errors.js';
import { aucOrNull } from './auc.js';
import { checkLabelledScores } from './check.js';

/** What {@link groupedAuc} found. */
export interface GroupedAuc {
  /** Mean of the groups' AUCs, weighted by their rows (impressions). */
  readonly auc: number;
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
 * AUC within each group (user), averaged with the number of rows as weight: "GAUC" of Zhu et al. 2017 (KDD), equation 8.
 *
 * @param labels 0 or 1, one a row.
 * @param scores larger for rows more likely positive.
 * @param groups whose row it is: integer codes, one a row.
 * @throws CtrError `CTR_ONE_CLASS` where no group has both classes; `CTR_EMPTY`, `CTR_LENGTH`, `CTR_LABEL`, `CTR_NOT_FINITE`.
 */
export function groupedAuc(labels: ArrayLike<number>, scores: ArrayLike<number>, groups: ArrayLike<number>): GroupedAuc {
  checkLabelledScores('groupedAuc', labels, scores);
  if (groups.length !== labels.length) {
    throw new CtrError('CTR_LENGTH', `${labels.length} labels and ${groups.length} group codes`, {
      where: 'groupedAuc',
      expected: 'one group code a row',
    });
  }
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => groups[a]! - groups[b]!);

  let weighted = 0;
  let counted = 0;
  let rows = 0;
  let skippedGroups = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && groups[order[end]!] === groups[order[start]!]) end += 1;
    const members = order.subarray(start, end);
    const area = aucOrNull(
      Uint8Array.from(members, (i) => labels[i]!),
      Float64Array.from(members, (i) => scores[i]!),
    );
    if (area === null) skippedGroups += 1;
    else {
      weighted += area * members.length;
      rows += members.length;
      counted += 1;
    }
    start = end;
  }
  if (counted === 0) {
    throw new CtrError('CTR_ONE_CLASS', `none of the ${skippedGroups} groups has rows of both classes`, {
      where: 'groupedAuc',
      expected: 'at least one group with a 0 and a 1',
    });
  }
  return { auc: weighted / rows, groups: counted, rows, skippedGroups, skippedRows: labels.length - rows };
}
