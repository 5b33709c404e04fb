import { existsSync } from 'node:fs';
import { explanationsFromTable, explanationsToTable, readTable, writeTable, type Explanations } from '@expctr/data';
import type { Reader } from '@expctr/rewards';
import { explainRows, type ExplainOptions } from './explain.js';
import type { Parts } from './parts.js';
import { readerProbabilities } from './reading.js';

/** Reward column of explanations/1 that holds p_LC. */
const P_LC = 'p_lc';

/** Explanations with one row for each interaction, findable by interaction. */
export interface ExplanationSet {
  /** What reader and encoder see of the explanation of interaction `row`. @throws RangeError for a row without one. */
  read(row: number): string;
  /** p_LC: the reader's probability from item and explanation. @throws RangeError for a row that was not read. */
  probability(row: number): number;
}

/** Which rows are explained, and which of these are read. */
export interface ExplanationSetOptions extends ExplainOptions {
  /** Names the file in `explanations/`. */
  readonly name: string;
  readonly rows: ArrayLike<number>;
  /** Rows to ask the reader about, a part of `rows`. */
  readonly readRows: ArrayLike<number>;
}

/** Explains the rows and asks the reader about them, or takes both from the file of an earlier attempt of this run. */
export async function explanationSet(parts: Parts, reader: Reader, options: ExplanationSetOptions): Promise<ExplanationSet> {
  const path = parts.folder.explanations(options.name);
  if (existsSync(path)) return indexed(explanationsFromTable(await readTable(path)));
  const explanations = await explainRows(parts, options.rows, options);
  const at = positions(explanations);
  const read = await readerProbabilities(parts, reader, options.readRows, (row) => explanations.read[at.get(row)!]!);
  const probabilities = new Float32Array(explanations.length).fill(NaN);
  read.forEach((probability, index) => (probabilities[at.get(options.readRows[index]!)!] = probability));
  const complete = { ...explanations, rewards: { ...explanations.rewards, [P_LC]: probabilities } };
  await writeTable(path, explanationsToTable(complete));
  return indexed(complete);
}

function indexed(explanations: Explanations): ExplanationSet {
  const at = positions(explanations);
  const position = (row: number): number => {
    const index = at.get(row);
    if (index === undefined) throw new RangeError(`interaction ${row} has no explanation in this set`);
    return index;
  };
  return {
    read: (row) => explanations.read[position(row)]!,
    probability(row) {
      const value = explanations.rewards[P_LC]?.[position(row)] ?? NaN;
      if (Number.isNaN(value)) throw new RangeError(`the explanation of interaction ${row} was not read`);
      return value;
    },
  };
}

function positions({ interactionId }: Explanations): Map<number, number> {
  return new Map(Array.from(interactionId, (row, index) => [row, index]));
}
