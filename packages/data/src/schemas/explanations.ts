import { DataType, type Table } from 'apache-arrow';
import { DataError } from '../errors.js';
import { buildTable, dictionaryColumn, dictionaryOf, float32Column, uint16Column, uint32Column, utf8Column } from './arrow-build.js';
import { columnOf, readNumbers, readStrings } from './arrow-read.js';
import { validateTable } from './validate.js';

/** One explanation as a row. */
export interface Explanation {
  /** The interaction that is explained. */
  readonly interactionId: number;
  /** Repetition k of stages 2 and 3; 0 before the first. */
  readonly iteration: number;
  /** The stage of the run that wrote it: `base`, `stage1`, `stage3`, ... */
  readonly stage: string;
  /** As generated. */
  readonly explanation: string;
  /** As reader and encoder saw it: {@link readableText} of the explanation. */
  readonly read: string;
  /** Response tokens, the stop token included. */
  readonly tokenCount: number;
  /** Whether a stop token ended it, or the limit of tokens. */
  readonly finishReason: 'stop' | 'length';
  /** Rewards by name; null or absent = not scored. */
  readonly rewards?: Readonly<Record<string, number | null>>;
}

/** explanations/1 in memory, as columns. */
export interface Explanations {
  /** Number of rows. */
  readonly length: number;
  /** The interaction that is explained. */
  readonly interactionId: Uint32Array;
  /** Repetition k of stages 2 and 3; 0 before the first. */
  readonly iteration: Uint16Array;
  /** The stage of the run that wrote it: `base`, `stage1`, `stage3`, ... */
  readonly stage: readonly string[];
  /** As generated. */
  readonly explanation: readonly string[];
  /** As reader and encoder saw it. */
  readonly read: readonly string[];
  /** Response tokens, the stop token included. */
  readonly tokenCount: Uint16Array;
  /** Whether a stop token ended it, or the limit of tokens. */
  readonly finishReason: readonly ('stop' | 'length')[];
  /** Reward columns by name; NaN = not scored. */
  readonly rewards: Readonly<Record<string, Float32Array>>;
}

const FINISH_REASONS = ['stop', 'length'] as const;
/** One for all tables: batches of one file have to share it. */
const FINISH_REASON_DICTIONARY = dictionaryOf(FINISH_REASONS);
const FIXED = new Set(['interaction_id', 'iteration', 'stage', 'explanation', 'read', 'token_count', 'finish_reason']);

/** Rows to columns. Reward columns stand in the order in which their names first appear. */
export function explanationsFromRows(rows: readonly Explanation[]): Explanations {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.rewards ?? {})))];
  return {
    length: rows.length,
    interactionId: Uint32Array.from(rows, (row) => row.interactionId),
    iteration: Uint16Array.from(rows, (row) => row.iteration),
    stage: rows.map((row) => row.stage),
    explanation: rows.map((row) => row.explanation),
    read: rows.map((row) => row.read),
    tokenCount: Uint16Array.from(rows, (row) => Math.min(row.tokenCount, 0xffff)),
    finishReason: rows.map((row) => row.finishReason),
    rewards: Object.fromEntries(names.map((name) => [name, Float32Array.from(rows, (row) => row.rewards?.[name] ?? NaN)])),
  };
}

/** Columns joined end to end; a reward column that one of them lacks is NaN there. */
export function concatExplanations(parts: readonly Explanations[]): Explanations {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const names = [...new Set(parts.flatMap((part) => Object.keys(part.rewards)))];
  const reward = (name: string): Float32Array => {
    const values = new Float32Array(length).fill(NaN);
    let at = 0;
    for (const part of parts) {
      const own = part.rewards[name];
      if (own !== undefined) values.set(own, at);
      at += part.length;
    }
    return values;
  };
  return {
    length,
    interactionId: Uint32Array.from(parts.flatMap((part) => [...part.interactionId])),
    iteration: Uint16Array.from(parts.flatMap((part) => [...part.iteration])),
    stage: parts.flatMap((part) => part.stage),
    explanation: parts.flatMap((part) => part.explanation),
    read: parts.flatMap((part) => part.read),
    tokenCount: Uint16Array.from(parts.flatMap((part) => [...part.tokenCount])),
    finishReason: parts.flatMap((part) => part.finishReason),
    rewards: Object.fromEntries(names.map((name) => [name, reward(name)])),
  };
}

/** As an Arrow table with schema explanations/1; reward columns are float32, null where not scored. */
export function explanationsToTable(explanations: Explanations): Table {
  for (const name of Object.keys(explanations.rewards)) {
    if (FIXED.has(name)) throw new DataError('DATA_COLUMN_NAME', `a reward is called '${name}', as a column of explanations/1 is`);
  }
  const reasons = Int32Array.from(explanations.finishReason, (reason) => FINISH_REASONS.indexOf(reason));
  return buildTable('explanations/1', explanations.length, [
    uint32Column('interaction_id', explanations.interactionId),
    uint16Column('iteration', explanations.iteration),
    utf8Column('stage', explanations.stage),
    utf8Column('explanation', explanations.explanation),
    utf8Column('read', explanations.read),
    uint16Column('token_count', explanations.tokenCount),
    dictionaryColumn('finish_reason', 0, reasons, FINISH_REASON_DICTIONARY),
    ...Object.entries(explanations.rewards).map(([name, values]) => float32Column(name, values, true)),
  ]);
}

/** From an Arrow table. @throws DataError where the table is not explanations/1. */
export function explanationsFromTable(table: Table): Explanations {
  validateTable(table, 'explanations/1');
  const length = table.numRows;
  const rewards = table.schema.fields.filter(({ name, type }) => !FIXED.has(name) && DataType.isFloat(type));
  return {
    length,
    interactionId: readNumbers(columnOf(table, 'interaction_id'), new Uint32Array(length)),
    iteration: readNumbers(columnOf(table, 'iteration'), new Uint16Array(length)),
    stage: readStrings(columnOf(table, 'stage')),
    explanation: readStrings(columnOf(table, 'explanation')),
    read: readStrings(columnOf(table, 'read')),
    tokenCount: readNumbers(columnOf(table, 'token_count'), new Uint16Array(length)),
    finishReason: readStrings(columnOf(table, 'finish_reason')) as ('stop' | 'length')[],
    rewards: Object.fromEntries(rewards.map(({ name }) => [name, readNumbers(columnOf(table, name), new Float32Array(length))])),
  };
}
