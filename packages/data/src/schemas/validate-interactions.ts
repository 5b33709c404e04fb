import type { Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { columnOf, readCodes, readNumbers, readUint32Lists } from './arrow-read.js';

/**
 * The rules of interactions/1 that bind several columns: interaction_id is the row number; slice is null exactly outside the
 * train split; a history holds rows of the same user, strictly earlier where there is time, in time order.
 */
export function checkInteractionRows(table: Table): void {
  const length = table.numRows;
  const id = readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(length));
  const user = readCodes(columnOf(table, 'user_id')).codes;
  const time = readNumbers(columnOf(table, 'timestamp'), new Float64Array(length));
  const split = readCodes(columnOf(table, 'split'));
  const slice = readCodes(columnOf(table, 'slice')).codes;
  const { offsets, values } = readUint32Lists(columnOf(table, 'history'));
  const fail = (column: string, row: number, what: string, expected: string): never => {
    throw new DataError('DATA_VALUE', what, { where: `column '${column}', row ${row}`, expected });
  };
  for (let row = 0; row < length; row += 1) {
    if (id[row] !== row) fail('interaction_id', row, String(id[row]), `the row number, ${row}`);
    const train = split.values[split.codes[row]!] === 'train';
    if (train !== slice[row]! >= 0)
      fail('slice', row, train ? 'null' : 'not null', train ? 'policy or ctr' : 'null outside the train split');
    let before = -Infinity;
    for (let k = offsets[row]!; k < offsets[row + 1]!; k += 1) {
      const earlier = values[k]!;
      if (earlier >= length || user[earlier] !== user[row]) fail('history', row, String(earlier), 'an interaction of the same user');
      if (Number.isNaN(time[row]) ? earlier >= row : !(time[earlier]! < time[row]!)) {
        fail('history', row, `interaction ${earlier}`, 'interactions with a strictly smaller timestamp');
      }
      if (time[earlier]! < before) fail('history', row, `interaction ${earlier}`, 'oldest first');
      before = time[earlier]!;
    }
  }
}
