import type { Interactions } from '@expctr/data';
import type { RawList } from './columns.js';

/** Added to both counts before their ratio: one like and one dislike that nobody gave, so that no history says nothing. */
const PRIOR = 1;

/** What a row's history says of the target, in numbers: one for each row. */
export type EvidenceColumns = Readonly<Record<string, Float32Array>>;

/**
 * How often this user liked and disliked what the target has, counted over the row's history and nothing else: what a prompt that lists
 * the history shows, in the form in which a linear model uses it best. For each attribute `<name>` of items
 *
 * - `evidence_<name>`: log((likes + 1) / (dislikes + 1)) of past items that share a value with the target, a mean over its values;
 * - `evidence_<name>_liked`, `evidence_<name>_disliked`: log(1 + count), means over its values;
 *
 * and `evidence_rate`, the log-odds of the user's likes over the whole history. All are 0 where nothing is known.
 *
 * @param attributes values of each item by attribute, codes as in `lists.values`, position = item code
 * @param rows interactions
 */
export function evidenceColumns(
  { historyOffsets, history, item, label }: Pick<Interactions, 'historyOffsets' | 'history' | 'item' | 'label'>,
  attributes: readonly (readonly [name: string, lists: RawList])[],
  rows: Int32Array,
): EvidenceColumns {
  const column = (): Float32Array => new Float32Array(rows.length);
  const columns: Record<string, Float32Array> = {};
  for (const [name, { offsets, codes, values }] of attributes) {
    const [odds, liked, disliked] = [column(), column(), column()];
    const counts = [new Uint32Array(values.length), new Uint32Array(values.length)] as const; // of dislikes and likes by value, zero between rows
    rows.forEach((row, r) => {
      const [start, end] = [historyOffsets[row]!, historyOffsets[row + 1]!];
      const count = (by: 1 | -1): void => {
        for (let k = start; k < end; k += 1) {
          const past = history[k]!;
          for (let at = offsets[item[past]!]!; at < offsets[item[past]! + 1]!; at += 1) counts[label[past] as 0 | 1][codes[at]!]! += by;
        }
      };
      const [first, last] = [offsets[item[row]!]!, offsets[item[row]! + 1]!];
      if (first === last || start === end) return;
      count(1);
      for (let at = first; at < last; at += 1) {
        const [dislikes, likes] = [counts[0][codes[at]!]!, counts[1][codes[at]!]!];
        odds[r]! += logOdds(likes, dislikes) / (last - first);
        liked[r]! += Math.log1p(likes) / (last - first);
        disliked[r]! += Math.log1p(dislikes) / (last - first);
      }
      count(-1);
    });
    Object.assign(columns, { [`evidence_${name}`]: odds, [`evidence_${name}_liked`]: liked, [`evidence_${name}_disliked`]: disliked });
  }
  const rate = column();
  rows.forEach((row, r) => {
    const past = history.subarray(historyOffsets[row], historyOffsets[row + 1]);
    const likes = past.reduce((sum, other) => sum + label[other]!, 0);
    rate[r] = logOdds(likes, past.length - likes);
  });
  return { ...columns, evidence_rate: rate };
}

function logOdds(likes: number, dislikes: number): number {
  return Math.log((likes + PRIOR) / (dislikes + PRIOR));
}
