// Explanations of rows, as a run writes them.
import { explanationsFromRows, explanationsToTable, writeTable } from '@expctr/data';

/** Writes one explanation of each row. @param rewards of each */
export async function writeExplanations(file: string, rows: ArrayLike<number>, rewards?: Readonly<Record<string, number>>): Promise<void> {
  const explanation = {
    iteration: 0,
    stage: 'final',
    explanation: 'likes x',
    read: 'likes x',
    tokenCount: 3,
    finishReason: 'stop',
    ...(rewards === undefined ? {} : { rewards }),
  } as const;
  await writeTable(
    file,
    explanationsToTable(explanationsFromRows(Array.from(rows, (interactionId) => ({ interactionId, ...explanation })))),
  );
}
