// What one run looks like: its curves, and some of its explanations.
import { explanationsFromTable, itemText, readDataset, readTable, rowsOf } from '@expctr/data';
import { FINAL, POST_HOC, type RunFolder } from '@expctr/run';
import { trueReasons } from '@expctr/testbed';
import { mean } from '../common/measure.js';
import type { SeedRun } from './seed-run.js';
import { markdown } from './seed-tables.js';

/** For each stage a table of means over tenths of its updates. */
export function curves({ updates }: SeedRun): string[] {
  return (['stage1', 'stage3'] as const).flatMap((stage) => {
    const own = updates.filter((line) => line.stage === stage);
    if (own.length === 0) return [];
    const names = Object.keys(own[0]!.metrics).filter((name) => /^objective\/(?:kl|entropy|scores)|^reward\/[a-z]+$/u.test(name));
    const size = Math.ceil(own.length / 10);
    const parts = Array.from({ length: Math.ceil(own.length / size) }, (_, k) => ({
      begin: k * size,
      part: own.slice(k * size, (k + 1) * size),
    }));
    const rows = parts.map(({ begin, part }) => [
      `${begin + 1}–${begin + part.length}`,
      ...names.map((name) => mean(part.map(({ metrics }) => metrics[name] ?? NaN)).toFixed(3)),
    ]);
    return [markdown([`${stage}, updates`, ...names], rows)];
  });
}

const EXAMPLES = 30;

/** Thirty test rows of different users, drawn evenly, with what is true of them where that is known. */
export async function examples(folder: RunFolder): Promise<string> {
  const { interactions, items, truth } = await readDataset(folder.data);
  const [base, final] = [await readTexts(folder, POST_HOC), await readTexts(folder, FINAL)];
  const firstOfUser = [...new Map([...rowsOf(interactions, 'test')].map((row) => [interactions.user[row], row])).values()];
  const step = Math.max(1, Math.floor(firstOfUser.length / EXAMPLES));
  const chosen = firstOfUser.filter((_, at) => at % step === 0).slice(0, EXAMPLES);
  const rows = chosen.map((row) => {
    const { title, attributes } = itemText(items, interactions.item[row]!);
    const shown = [...(truth === null ? [title] : []), ...Object.values(attributes).flat()];
    const reasons = truth && trueReasons(truth[row]!).map(({ value, sign }) => `${sign > 0 ? '+' : '−'}${value}`);
    const texts = [base.get(row) ?? '', final.get(row) ?? ''];
    return [shown.join(' '), interactions.label[row] === 1 ? 'yes' : 'no', ...texts, ...(reasons ? [reasons.join(' ')] : [])];
  });
  return markdown(['item', 'chosen', 'before', 'after', ...(truth === null ? [] : ['true reasons'])], rows);
}

/** Explanations as reader and encoder saw them, by row. */
async function readTexts(folder: RunFolder, name: string): Promise<Map<number, string>> {
  const { interactionId, read } = explanationsFromTable(await readTable(folder.explanations(name)));
  return new Map(Array.from(interactionId, (row, at) => [row, read[at]!]));
}
