import { ExpctrError } from '@expctr/core';
import { Interrupted } from './interrupt.js';

/** An update failed; the run is kept as the update before left it. Its code is that of the failure, which is its cause. */
export class UpdateStopped extends ExpctrError {}

/** Where an update failed. */
interface FailedUpdate {
  /** The alignment's name. */
  readonly name: string;
  /** Updates that were done before. */
  readonly step: number;
  readonly updates: number;
  /** The run's folder. */
  readonly root: string;
}

/** What a failed update is reported as: what is typed says how the run goes on; anything else stays what it is. */
export function stoppedAt(error: unknown, { name, step, updates, root }: FailedUpdate): unknown {
  if (!(error instanceof ExpctrError) || error instanceof Interrupted) return error;
  const { code, what, where, expected, remedy } = error;
  const then = `go on from there with expctr-train --resume ${root}`;
  return new UpdateStopped(code, what, {
    where: [`${name}, update ${step + 1} of ${updates}`, ...(where === undefined ? [] : [where])].join(', '),
    ...(expected === undefined ? {} : { expected }),
    remedy: remedy === undefined ? then : `${remedy}; the ${step} updates before it are kept: ${then}`,
    cause: error,
  });
}
