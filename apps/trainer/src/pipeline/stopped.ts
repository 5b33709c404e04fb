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
  /** Tells the user. */
  readonly say: (text: string) => void;
}

/**
 * What a failed update is reported as: what is typed says how the run goes on; anything else stays what it is, with its stack, and how the
 * run goes on is said beside it.
 */
export function stoppedAt(error: unknown, { name, step, updates, root, say }: FailedUpdate): unknown {
  if (error instanceof Interrupted) return error;
  const at = `${name}, update ${step + 1} of ${updates}`;
  const then = `go on from there with expctr-train --resume ${root}`;
  if (!(error instanceof ExpctrError)) {
    say(`${at} failed: ${then}`);
    return error;
  }
  const { code, what, where, expected, remedy } = error;
  return new UpdateStopped(code, what, {
    where: [at, ...(where === undefined ? [] : [where])].join(', '),
    ...(expected === undefined ? {} : { expected }),
    remedy: remedy === undefined ? then : `${remedy}; then ${then}`,
    cause: error,
  });
}
