// What a history says of its target to a logistic regression that shares no code with packages/ctr-models: counts by hand, Newton's method.
import { historyOf, rowsOf, type PreparedDataset } from '@expctr/data';
import { ridgeRegression } from '../common/ridge-regression.js';

/** One like and one dislike that nobody gave. */
const PRIOR = 1;
/** Of the squared weights of standardized columns: a standard normal prior. */
const RIDGE = 1;

/** Log-odds of `rows` by a logistic regression on evidence and the item's popularity, fitted on the CTR slice. */
export function outsideRegression({ interactions, items }: PreparedDataset, rows: Uint32Array): Float64Array {
  const fitted = rowsOf(interactions, 'train', 'ctr');
  const seen = new Map<number, number>();
  for (const row of rowsOf(interactions, 'train')) seen.set(interactions.item[row]!, (seen.get(interactions.item[row]!) ?? 0) + 1);
  const columnsOf = (row: number): number[] => {
    const past = [...historyOf(interactions, row)];
    const odds = (likes: number, all: number): number => Math.log((likes + PRIOR) / (all - likes + PRIOR));
    const likesOf = (some: readonly number[]): number => some.filter((other) => interactions.label[other] === 1).length;
    const item = interactions.item[row]!;
    const perAttribute = Object.values(items.attributes).flatMap((lists) => {
      const each = lists[item]!.map((value) => past.filter((other) => lists[interactions.item[other]!]!.includes(value)));
      const mean = (of: (having: readonly number[]) => number): number =>
        each.length === 0 ? 0 : each.reduce((sum, having) => sum + of(having), 0) / each.length;
      return [
        mean((having) => odds(likesOf(having), having.length)),
        mean((having) => Math.log1p(likesOf(having))),
        mean((having) => Math.log1p(having.length - likesOf(having))),
      ];
    });
    return [...perAttribute, odds(likesOf(past), past.length), Math.log1p(seen.get(item) ?? 0)];
  };
  const logOdds = ridgeRegression(
    Array.from(fitted, columnsOf),
    Array.from(fitted, (row) => interactions.label[row]!),
    RIDGE,
  );
  return Float64Array.from(rows, (row) => logOdds(columnsOf(row)));
}
