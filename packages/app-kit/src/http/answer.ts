/** What a route answers. */
export type Answer =
  | { readonly kind: 'json'; readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly value: unknown }
  | { readonly kind: 'text'; readonly type: string; readonly headers?: Readonly<Record<string, string>>; readonly text: string }
  /** Server-sent events, the first of which is there before the answer begins. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<ServerEvent> };

/** A server-sent event. */
export interface ServerEvent {
  /** Its name; absent for one that is only data. */
  readonly event?: string;
  /** Sent as JSON; a `RawData` as it is. */
  readonly data: unknown;
}

/** Data of an event that are no JSON. */
export class RawData {
  /** One line. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The content type of JSON. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** Headers of every answer. */
export const COMMON_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;
