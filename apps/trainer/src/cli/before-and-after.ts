import { existsSync } from 'node:fs';
import { printable } from '@expctr/core';
import { explanationsFromTable, itemText, readDataset, readTable, rowsOf, type Explanations } from '@expctr/data';
import { plainItemText } from '../pipeline/item-text.js';
import { FINAL, POST_HOC, type RunFolder } from '@expctr/run';

/** How many test rows are shown. */
const SHOWN = 3;

/** The most characters of a text that are shown. */
const LONGEST = 500;

/**
 * Explanations of a few test rows by the base model and by the trained policy, as reader and encoder saw them. Rows where the two
 * differ come first, rows of different users.
 */
export async function beforeAndAfter(folder: RunFolder): Promise<string> {
  const [before, after] = [folder.explanations(POST_HOC), folder.explanations(FINAL)];
  if (!existsSync(before) || !existsSync(after)) return '';
  const { interactions, items, words } = await readDataset(folder.data);
  const [base, final] = await Promise.all([before, after].map(async (path) => byRow(explanationsFromTable(await readTable(path)))));
  const rows = [...rowsOf(interactions, 'test')].filter((row) => base!.has(row) && final!.has(row));
  const changed = rows.filter((row) => base!.get(row) !== final!.get(row));
  const users = new Set<number>();
  const chosen = [...changed, ...rows]
    .filter((row) => !users.has(interactions.user[row]!) && users.add(interactions.user[row]!))
    .slice(0, SHOWN);
  const shown = (text: string): string => (text === '' ? '(nothing readable)' : printable(text, LONGEST));
  return chosen
    .map((row) =>
      [
        `${printable(plainItemText(itemText(items, interactions.item[row]!, words.units)), LONGEST)} (${interactions.label[row] === 1 ? 'chosen' : 'not chosen'})`,
        `  before: ${shown(base!.get(row)!)}`,
        `  after:  ${shown(final!.get(row)!)}`,
      ].join('\n'),
    )
    .join('\n');
}

function byRow({ interactionId, read }: Explanations): Map<number, string> {
  return new Map(Array.from(interactionId, (row, at) => [row, read[at]!]));
}
