import { ExpctrError } from '@expctr/core';
import { DataError } from '../errors.js';
import { unreadType } from '../read/column-batches.js';

/** What is wrong with an Arrow file, before its name is known. */
export class ArrowDamage extends Error {
  /** What would have been right. */
  readonly expected: string;
  constructor(what: string, expected: string) {
    super(what);
    this.expected = expected;
  }
}

/** A column of a type that apache-arrow does not know. */
export class UnreadColumn extends Error {
  readonly column: string;
  readonly type: string;
  constructor(column: string, type: string) {
    super(`the column ${column} is of the type ${type}`);
    this.column = column;
    this.type = type;
  }
}

/** What stopped the reading of an Arrow file, as an error that names it. */
export function arrowError(where: string, cause: unknown): ExpctrError {
  if (cause instanceof ExpctrError) return cause; // of who uses the rows
  if (cause instanceof UnreadColumn) return unreadType(cause.column, cause.type, where);
  const damage = cause instanceof ArrowDamage ? cause : undefined;
  const what = damage === undefined ? 'the Arrow file cannot be read' : `the Arrow file is damaged: ${damage.message}`;
  return new DataError('DATA_NOT_ARROW', what, {
    where,
    expected: damage?.expected ?? 'a whole Arrow IPC file or stream',
    remedy: 'copy or write the file again',
    cause,
  });
}
