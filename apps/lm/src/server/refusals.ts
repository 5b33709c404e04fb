import { RefusedRequest, type HttpDialect, type RefusalDetails } from '@expctr/app-kit/http';
import { LmError } from '../errors.js';

/** What a refused request is answered with: its code, and the HTTP status that goes with it. */
export const LM_REFUSALS = {
  LM_HTTP: 400,
  LM_JSON: 400,
  LM_REQUEST: 400,
  LM_UNSUPPORTED: 400,
  LM_CONTEXT: 400,
  LM_ADAPTER: 400,
  LM_NO_MODEL: 404,
  LM_NO_ADAPTER: 404,
  LM_ROUTE: 404,
  LM_METHOD: 405,
  LM_SLOW: 408,
  LM_BODY_SIZE: 413,
  LM_TYPE: 415,
  LM_BUSY: 429,
  LM_HEADERS: 431,
  LM_INTERNAL: 500,
} as const;

/** The code of a refused request. */
export type LmRefusal = keyof typeof LM_REFUSALS;

/** A request that is refused. Its fields are sent to whoever asked, so they hold nothing of the machine: no path, no stack. */
export class LmRequestError extends RefusedRequest {
  constructor(refusal: LmRefusal, what: string, details: RefusalDetails = {}) {
    super(refusal, LM_REFUSALS[refusal], what, details);
  }
}

/** What the classes of errors are called in answers of OpenAI's form. */
const TYPES: Readonly<Record<number, string>> = { 404: 'NotFoundError', 429: 'RateLimitError', 500: 'InternalServerError' };

/** How the server speaks of what it refuses: as vLLM does, `code` being the status, with the code of this server as `reason`. */
export const lmDialect: HttpDialect = {
  refuse: (refusal, what, details) => new LmRequestError(`LM_${refusal}`, what, details),
  body: ({ code, status, message, where }) => ({
    error: { message, type: TYPES[status] ?? 'BadRequestError', param: where ?? null, code: status, reason: code },
  }),
  portError: (what, details) => new LmError('LM_PORT', what, details),
};
