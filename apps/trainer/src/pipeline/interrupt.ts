import { ExpctrError } from '@expctr/core';

/** The user pressed Ctrl-C; what was done is saved. */
export class Interrupted extends ExpctrError {}

/** Ends the work at a point from which it can go on. */
export function stopIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Interrupted('RUN_INTERRUPTED', 'interrupted');
}
