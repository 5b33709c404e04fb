import { explanationsFromTable, explanationsToTable, type Explanations } from '@expctr/data';
import type { Reader } from '@expctr/rewards';
import { P_LC, RunFolderError, tableCodec } from '@expctr/run';
import { explainRows, type ExplainOptions } from './explain.js';
import type { Pipeline } from './pipeline.js';
import { readerProbabilities } from './reading.js';

/** Explanations with one row for each interaction, findable by interaction. */
export interface ExplanationSet {
  /** What reader and encoder see of the explanation of interaction `row`. @throws RunFolderError `RUN_NO_EXPLANATION` for a row without one. */
  read(row: number): string;
  /** p_LC: the reader's probability from item and explanation. @throws RunFolderError `RUN_NOT_READ` for a row that was not read. */
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
export async function explanationSet(pipeline: Pipeline, reader: Reader, options: ExplanationSetOptions): Promise<ExplanationSet> {
  const { artifacts, folder } = pipeline.run;
  const { name } = options;
  const codec = tableCodec(folder.explanations(name), explanationsToTable, explanationsFromTable);
  return indexed(await artifacts.artifact(`explanations-${name}`, () => explainAndRead(pipeline, reader, options), codec), name);
}

async function explainAndRead(pipeline: Pipeline, reader: Reader, options: ExplanationSetOptions): Promise<Explanations> {
  const { name: _, rows, readRows, ...explained } = options;
  const explanations = await explainRows(pipeline, rows, explained);
  const at = positions(explanations);
  const read = await readerProbabilities(pipeline, reader, readRows, (row) => explanations.read[at.get(row)!]!);
  const probabilities = new Float32Array(explanations.length).fill(NaN);
  read.forEach((probability, index) => (probabilities[at.get(readRows[index]!)!] = probability));
  return { ...explanations, rewards: { ...explanations.rewards, [P_LC]: probabilities } };
}

function indexed(explanations: Explanations, name: string): ExplanationSet {
  const at = positions(explanations);
  const missing = (code: string, what: string): RunFolderError =>
    new RunFolderError(code, what, { where: `explanations ${name}`, remedy: 'explain the row, or start a new run' });
  const position = (row: number): number => {
    const index = at.get(row);
    if (index === undefined) throw missing('RUN_NO_EXPLANATION', `interaction ${row} has no explanation`);
    return index;
  };
  return {
    read: (row) => explanations.read[position(row)]!,
    probability(row) {
      const value = explanations.rewards[P_LC]?.[position(row)] ?? NaN;
      if (Number.isNaN(value)) throw missing('RUN_NOT_READ', `the explanation of interaction ${row} was not read`);
      return value;
    },
  };
}

function positions({ interactionId }: Explanations): Map<number, number> {
  return new Map(Array.from(interactionId, (row, index) => [row, index]));
}
