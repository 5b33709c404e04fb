import type { Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { columnOf } from './arrow-read.js';

/**
 * The rule of truth/1 that binds several columns: a row's lists of reasons are of one length. The part begins with row `first`.
 * @throws DataError `DATA_VALUE` with the row
 */
export function checkReasons(part: Table, first: number): void {
  const [fields, values, contributions] = ['reason_field', 'reason_value', 'reason_contribution'].map((name) => columnOf(part, name));
  const length = (column: typeof fields, row: number): number => (column?.get(row) as ArrayLike<unknown>).length;
  for (let row = 0; row < part.numRows; row += 1) {
    const reasons = length(contributions, row);
    if (length(fields, row) === reasons && length(values, row) === reasons) continue;
    throw new DataError('DATA_VALUE', 'lists of reasons that differ in length', {
      where: `row ${first + row}`,
      expected: 'as many fields and values as contributions',
    });
  }
}
