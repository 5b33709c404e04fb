import { ExpctrError, type ErrorDetails } from '@expctr/core';

/** What else a refusal says. */
export interface RefusalDetails extends Pick<ErrorDetails, 'where' | 'expected' | 'remedy'> {
  /** Seconds after which to try again: the header `Retry-After`. */
  readonly retryAfter?: number;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused. Its fields are sent to whoever asked, so they hold nothing of the machine: no path, no stack. */
export class RefusedRequest extends ExpctrError {
  /** The HTTP status. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, status: number, what: string, { retryAfter, headers = {}, ...details }: RefusalDetails = {}) {
    super(code, what, details);
    this.status = status;
    this.headers = { ...headers, ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }) };
  }
}

/** What a server itself refuses, and the status that goes with it. A server's codes are these behind its own prefix. */
export const HTTP_REFUSALS = {
  HTTP: 400,
  JSON: 400,
  ROUTE: 404,
  METHOD: 405,
  SLOW: 408,
  BODY_SIZE: 413,
  TYPE: 415,
  HEADERS: 431,
  INTERNAL: 500,
} as const;

/** One of {@link HTTP_REFUSALS}. */
export type HttpRefusal = keyof typeof HTTP_REFUSALS;

/** How a server speaks of errors. */
export interface HttpDialect {
  /** The error of a request that the server itself refuses. */
  readonly refuse: (refusal: HttpRefusal, what: string, details?: RefusalDetails) => RefusedRequest;
  /** The body of the answer to a refused request, as JSON. */
  readonly body: (refused: RefusedRequest) => unknown;
  /** The error of a server that cannot listen. */
  readonly portError: (what: string, details: ErrorDetails) => ExpctrError;
}
