import { reasonOf, retryAfter } from '@expctr/core';
import { PassingError, SamplerError } from './errors.js';

/** How a server is spoken to. */
export interface Wire {
  /** Milliseconds for a whole answer. */
  readonly timeoutMs: number;
  /** Sent with every request, such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Default: the `fetch` of this process. */
  readonly fetch: typeof globalThis.fetch;
}

/** One request. */
export interface Question {
  /** Address of the server, without a slash at its end. */
  readonly url: string;
  readonly path: string;
  /** Posted as JSON; a question without one is a GET. */
  readonly body?: unknown;
  /** Whether the answer may be other than JSON. Default false. */
  readonly plain?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that asking again would not change. */
export interface Answer {
  readonly status: number;
  /** The whole body; text where it is no JSON. */
  readonly body: unknown;
}

/** How much of a server's own words an error quotes. */
const QUOTED = 300;

/**
 * Asks once, and reads the whole answer.
 * @throws PassingError for a server that is away, slow, busy or broken, and for half an answer; the signal's reason once it is aborted
 */
export async function ask(wire: Wire, { url, path, body, plain = false, signal }: Question): Promise<Answer> {
  signal?.throwIfAborted();
  const slow = AbortSignal.timeout(wire.timeoutMs);
  const where = `${url}${path}`;
  let response: Response;
  let text: string;
  try {
    response = await wire.fetch(where, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...wire.headers },
      signal: signal === undefined ? slow : AbortSignal.any([slow, signal]),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new PassingError(slow.aborted ? `${where}: no whole answer in ${wire.timeoutMs / 1000} s` : `${where}: ${reasonOf(error)}`);
  }
  const { status, headers } = response;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new PassingError(`${where}: status ${status}${quoted(text)}`, { waitMs: retryAfter(headers.get('retry-after')) });
  }
  const json = parsed(text);
  if (response.ok && json === undefined && !plain) throw new PassingError(`${where}: half an answer, or none${quoted(text.slice(0, 40))}`);
  return { status, body: json === undefined ? text : json };
}

/** The body of an answer with a status of 200 to 299. @throws SamplerError `SAMPLER_REFUSED` */
export async function askFor(wire: Wire, question: Question, remedy: string): Promise<unknown> {
  const { status, body } = await ask(wire, question);
  if (status >= 200 && status < 300) return body;
  throw refused(question, status, body, remedy);
}

/** The error of a request that the server will never answer. */
export function refused({ url, path }: Question, status: number, body: unknown, remedy: string): SamplerError {
  const said = typeof body === 'string' ? body : JSON.stringify(body);
  return new SamplerError('SAMPLER_REFUSED', `the server answers ${status}${quoted(said)}`, { where: `${url}${path}`, remedy });
}

function quoted(text: string): string {
  const said = text.trim();
  return said === '' ? '' : `: ${said.length > QUOTED ? `${said.slice(0, QUOTED)}…` : said}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
