import { RefusedRequest, type HttpDialect, type RefusalDetails } from '@expctr/app-kit/http';
import { ExpctrError } from '@expctr/core';

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

/** A request that is refused. Its fields are sent to whoever asked, so they hold nothing of the machine: no path, no stack. */
export class RequestError extends RefusedRequest {
  /** Which refusal. */
  readonly refusal: Refusal;

  constructor(refusal: Refusal, what: string, details: RefusalDetails = {}) {
    super(refusal, REFUSALS[refusal], what, details);
    this.refusal = refusal;
  }
}

/** The body of an answer to a refused request. */
interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly what: string;
    readonly where?: string;
    readonly expected?: string;
    readonly remedy?: string;
  };
}

/** What a refusal says to whoever asked. */
function errorBody({ code, what, where, expected, remedy }: RefusedRequest): ErrorBody {
  return {
    error: {
      code,
      what,
      ...(where === undefined ? {} : { where }),
      ...(expected === undefined ? {} : { expected }),
      ...(remedy === undefined ? {} : { remedy }),
    },
  };
}

/** How the server speaks of what it refuses. */
export const serveDialect: HttpDialect = {
  refuse: (refusal, what, details) => new RequestError(`SERVE_${refusal}`, what, details),
  body: errorBody,
  portError: (what, details) => new ServeError('SERVE_PORT', what, details),
};
