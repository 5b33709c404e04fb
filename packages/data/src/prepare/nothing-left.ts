import { DataError } from '../errors.js';
import type { FileReport } from '../read/file-report.js';
import type { CardStep } from './card.js';
import { skippedRows } from './skipped-rows.js';

/** What a step drops, and what to do where it drops everything. */
const RULES: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  'without-item': {
    what: 'are of items that have no metadata',
    remedy: 'give the file of items whose ids are those of the ratings (data.files.items)',
  },
  'implicit-zeros': { what: 'have the rating 0, which is no rating', remedy: 'set data.label to implicit to learn from clicks alone' },
  'below-threshold': { what: 'are rated below the threshold', remedy: 'lower data.threshold' },
};

/** No row came through: the error says what became of them, file by file and rule by rule. */
export function nothingLeft(dataset: string, files: readonly FileReport[], steps: readonly CardStep[]): DataError {
  const skipped = skippedRows(files);
  const dropped = steps.filter(({ step, dropped: rows }) => rows > 0 && Object.hasOwn(RULES, step));
  const byRule = dropped.map(({ step, dropped: rows }) => `${rows.toLocaleString('en-US')} rows ${RULES[step]!.what}`);
  const [worst] = [...dropped].sort((a, b) => b.dropped - a.dropped);
  const remedy =
    worst !== undefined
      ? RULES[worst.step]!.remedy
      : skipped === ''
        ? 'give a file with rows'
        : 'correct those rows, or name the columns that hold what is expected';
  return new DataError('DATA_EMPTY', ['no row is left to learn from', skipped, ...byRule].filter((text) => text !== '').join('; '), {
    where: `dataset '${dataset}'`,
    expected: 'ratings of items that have metadata',
    remedy,
  });
}
