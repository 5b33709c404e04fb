import { ExpctrError, type ErrorDetails } from '@expctr/core';

/** A model could not be had from the hub or the cache. Codes begin with `HUB_`; the message names the model and the way out. */
export class HubError extends ExpctrError {}

/** An error that may be gone at the next try. */
export class PassingError extends Error {
  /** What to throw when it does not pass. */
  readonly lasting: HubError;
  /** How long the server asks to wait, in milliseconds. */
  readonly waitMs: number | undefined;

  constructor(lasting: HubError, waitMs?: number) {
    super(lasting.message);
    this.lasting = lasting;
    this.waitMs = waitMs;
  }
}

/** The error of a model that lacks a file which whoever loads it cannot do without. */
export function lacksFile(what: string, details: ErrorDetails): HubError {
  return new HubError('HUB_FILE_MISSING', what, { wrongUse: true, ...details });
}

/** The error of work that an `AbortSignal` ended. */
export function interrupted(model: string): HubError {
  return new HubError('HUB_INTERRUPTED', 'the download was interrupted', {
    where: model,
    remedy: 'start again: what has arrived is kept, and the rest is fetched',
  });
}
