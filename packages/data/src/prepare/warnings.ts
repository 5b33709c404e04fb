import { DataError } from '../errors.js';
import type { FileReport } from '../read/read-rows.js';
import type { DatasetCard } from './card.js';
import type { LabelChoice } from './labels.js';
import { malformed, skippedRows } from './skipped-rows.js';

/** Something that a user of the data should know. */
export interface DataWarning {
  /** A stable name, for programs. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** Malformed rows that were skipped, by file. */
export function badRowWarnings(files: readonly FileReport[]): DataWarning[] {
  return files.flatMap((file) => malformed(file).map((message) => ({ code: 'DATA_BAD_ROWS', message })));
}

/**
 * Nothing can be learned from rows of one class, nor an AUC be taken of them: for a split a warning, for the whole an error.
 * @throws DataError `DATA_ONE_CLASS`.
 */
export function checkClasses(
  { rows, splits }: Pick<DatasetCard, 'rows' | 'splits'>,
  { rule, threshold }: LabelChoice,
  files: readonly FileReport[],
): DataWarning[] {
  const ones = Object.values(splits).reduce((sum, { positives }) => sum + positives, 0);
  if (ones === 0 || ones === rows) {
    const byRule = {
      threshold: {
        what: ` at the threshold ${threshold ?? ''}`,
        where: 'data.threshold',
        expected: 'ratings below the threshold and ratings at or above it',
        remedy: 'set data.threshold to a value within the ratings, or take more rows',
      },
      'user-mean': { what: '', where: 'data.label', expected: "ratings above and below their user's mean", remedy: 'use another rule' },
      implicit: {
        what: '',
        where: 'data.negatives',
        expected: 'sampled negatives beside the positives',
        remedy: 'set data.negatives.train and data.negatives.evaluation to 1 or more',
      },
    }[rule];
    const { what, ...details } = byRule;
    const skipped = skippedRows(files);
    throw new DataError(
      'DATA_ONE_CLASS',
      `all ${rows} rows have label ${ones === 0 ? 0 : 1}${what}${skipped === '' ? '' : `; ${skipped}`}`,
      details,
    );
  }
  return Object.entries(splits).flatMap(([name, split]) => {
    if (split.positives > 0 && split.positives < split.rows) return [];
    const message =
      split.rows === 0 ? `there are no ${name} rows` : `all ${split.rows} ${name} rows have label ${split.positives === 0 ? 0 : 1}`;
    return [{ code: 'DATA_ONE_CLASS_SPLIT', message }];
  });
}
