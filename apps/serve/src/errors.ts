import { ExpctrError, type ErrorDetails } from '@expctr/core';

/**
 * What keeps a server from starting, or a run from being served. Codes: `SERVE_NO_RUN`, `SERVE_NO_MODEL`, `SERVE_PREDICTOR`,
 * `SERVE_MODEL`, `SERVE_ENCODER`, `SERVE_NO_POLICY`, `SERVE_OPTION`, `SERVE_PORT`, `SERVE_GENERATOR`.
 */
export class ServeError extends ExpctrError {}

/** What a refused request is answered with: its code, and the HTTP status that goes with it. */
export const REFUSALS = {
  SERVE_HTTP: 400,
  SERVE_JSON: 400,
  SERVE_REQUEST: 400,
  SERVE_FEATURE: 400,
  SERVE_ROUTE: 404,
  SERVE_UNKNOWN_USER: 404,
  SERVE_UNKNOWN_ITEM: 404,
  SERVE_NO_DATA: 404,
  SERVE_NO_EXPLANATION: 404,
  SERVE_METHOD: 405,
  SERVE_SLOW: 408,
  SERVE_BODY_SIZE: 413,
  SERVE_ROWS: 413,
  SERVE_TYPE: 415,
  SERVE_BUSY: 429,
  SERVE_HEADERS: 431,
  SERVE_INTERNAL: 500,
  SERVE_GENERATOR: 503,
} as const;

/** The code of a refused request. */
export type Refusal = keyof typeof REFUSALS;

/** What else a refusal says. */
export interface RefusalDetails extends Pick<ErrorDetails, 'where' | 'expected' | 'remedy'> {
  /** Seconds after which to try again: the header `Retry-After`. */
  readonly retryAfter?: number;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused. Its fields are sent to whoever asked, so they hold nothing of the machine: no path, no stack. */
export class RequestError extends ExpctrError {
  /** Which refusal. */
  readonly refusal: Refusal;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(refusal: Refusal, what: string, { retryAfter, headers = {}, ...details }: RefusalDetails = {}) {
    super(refusal, what, details);
    this.refusal = refusal;
    this.headers = { ...headers, ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }) };
  }

  /** The HTTP status. */
  get status(): number {
    return REFUSALS[this.refusal];
  }
}
