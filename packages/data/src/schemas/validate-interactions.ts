import type { Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { codeReader, columnOf, joinArrays, readNumbers, readUint32Lists } from './arrow-read.js';

/**
 * The rules of interactions/1 that bind several columns: interaction_id is the row number; slice is null exactly outside the
 * train split; a history holds rows of the same user, strictly earlier where there is time, in time order. A history may name any
 * row, so parts of a table are all added before their histories are checked; user and time are all that is kept of a row.
 */
export interface InteractionCheck {
  /** Checks the rows of the next part by themselves, and remembers whose they are. */
  add(part: Table): void;
  /** Checks the histories of a part, which begins with row `first`. */
  checkHistories(part: Table, first: number): void;
}

/** @throws DataError `DATA_VALUE` with column and row, from both of its functions. */
export function createInteractionCheck(): InteractionCheck {
  const userCodes = codeReader();
  const users: Int32Array[] = [];
  const times: Float64Array[] = [];
  let length = 0;
  let known: { user: Int32Array; time: Float64Array } | undefined;
  const fail = (column: string, row: number, what: string, expected: string): never => {
    throw new DataError('DATA_VALUE', what, { where: `column '${column}', row ${row}`, expected });
  };
  return {
    add(part) {
      const id = readNumbers(columnOf(part, 'interaction_id'), new Uint32Array(part.numRows));
      const split = codeReader().read(columnOf(part, 'split'));
      const slice = codeReader().read(columnOf(part, 'slice')).codes;
      for (let row = 0; row < part.numRows; row += 1) {
        if (id[row] !== length + row) fail('interaction_id', length + row, String(id[row]), `the row number, ${length + row}`);
        const train = split.values[split.codes[row]!] === 'train';
        if (train === slice[row]! >= 0) continue;
        fail('slice', length + row, train ? 'null' : 'not null', train ? 'policy or ctr' : 'null outside the train split');
      }
      users.push(userCodes.read(columnOf(part, 'user_id')).codes);
      times.push(readNumbers(columnOf(part, 'timestamp'), new Float64Array(part.numRows)));
      length += part.numRows;
    },
    checkHistories(part, first) {
      known ??= { user: joinArrays(users.splice(0), new Int32Array(length)), time: joinArrays(times.splice(0), new Float64Array(length)) };
      const { user, time } = known;
      const { offsets, values } = readUint32Lists(columnOf(part, 'history'));
      for (let row = first; row < first + part.numRows; row += 1) {
        let before = -Infinity;
        for (let k = offsets[row - first]!; k < offsets[row - first + 1]!; k += 1) {
          const earlier = values[k]!;
          if (earlier >= length || user[earlier] !== user[row]) fail('history', row, String(earlier), 'an interaction of the same user');
          if (Number.isNaN(time[row]) ? earlier >= row : !(time[earlier]! < time[row]!)) {
            fail('history', row, `interaction ${earlier}`, 'interactions with a strictly smaller timestamp');
          }
          if (time[earlier]! < before) fail('history', row, `interaction ${earlier}`, 'oldest first');
          before = time[earlier]!;
        }
      }
    },
  };
}
