import type { RequestError } from '../errors.js';

/** What a route answers. */
export type Answer =
  | { readonly kind: 'json'; readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly value: unknown }
  | { readonly kind: 'text'; readonly type: string; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
  /** Server-sent events, the first of which is there before the answer begins. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<{ readonly event: string; readonly data: unknown }> };

/** The body of an answer to a refused request. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly what: string;
    readonly where?: string;
    readonly expected?: string;
    readonly remedy?: string;
  };
}

/** What a refusal says to whoever asked. */
export function errorBody({ code, what, where, expected, remedy }: RequestError): ErrorBody {
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

/** The content type of JSON. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** Headers of every answer. */
export const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;
