import { ExpctrError } from '@expctr/core';

/** A server that cannot be used, or that does not do what it says. Codes begin with `SAMPLER_`; the message names the server and the way out. */
export class SamplerError extends ExpctrError {}

/** An error that may be gone at the next try, or on another server. */
export class PassingError extends Error {
  /** What the server asked to wait, in milliseconds. */
  readonly waitMs: number | undefined;
  /** The server no longer has the adapter: it was started again. */
  readonly adapterGone: boolean;

  constructor(message: string, { waitMs, adapterGone = false }: { waitMs?: number | undefined; adapterGone?: boolean } = {}) {
    super(message);
    this.waitMs = waitMs;
    this.adapterGone = adapterGone;
  }
}

/** The error of an answer that cannot be right. */
export function wrongAnswer(where: string, what: string, expected: string, remedy?: string): SamplerError {
  return new SamplerError('SAMPLER_ANSWER', what, {
    where,
    expected,
    remedy:
      remedy ?? 'see that the server is the engine that the configuration names, in a version that it supports, with the model of this run',
  });
}
