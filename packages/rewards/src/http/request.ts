import { retryAfter } from '@expctr/core';
import { RewardError } from '../errors.js';

/** Where a user's function is, and how long it is waited for. */
export interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

/** What may be otherwise at another try. */
export class PassingError extends Error {
  /** What is thrown when there is no other try. */
  readonly lasting: RewardError;
  /** How long the server asks to wait, in milliseconds. */
  readonly waitMs: number | undefined;

  constructor(lasting: RewardError, waitMs?: number) {
    super(lasting.message);
    this.lasting = lasting;
    this.waitMs = waitMs;
  }
}

/** What a server says that is busy, or of which a part is down. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Characters of an answer that an error quotes. */
const QUOTED = 200;

/** An address as messages show it: what stands in a query may be a key. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/**
 * One exchange: JSON there, text back.
 * @param where the reward, the address and the rows, for errors
 * @param limit most bytes of an answer
 * @throws {RewardError} `REWARD_HTTP_STATUS`, `REWARD_HTTP_ANSWER` for an answer that is too long
 * @throws {PassingError} around a `REWARD_HTTP_STATUS` or `REWARD_HTTP_UNREACHABLE` that may pass
 */
export async function post({ url, headers, timeoutSeconds }: Endpoint, body: string, where: string, limit: number): Promise<string> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body,
      redirect: 'manual', // followed, it would take the headers elsewhere
      signal,
    });
    if (response.status === 200) return await textOf(response, where, limit);
    throw statusError(response, await beginningOf(response), where);
  } catch (error) {
    if (error instanceof RewardError || error instanceof PassingError) throw error;
    throw unreachable(error, signal, timeoutSeconds, where);
  }
}

async function textOf(response: Response, where: string, limit: number): Promise<string> {
  const { bytes, whole } = await read(response, limit);
  if (whole) return new TextDecoder().decode(bytes);
  throw new RewardError('REWARD_HTTP_ANSWER', `the answer is longer than ${limit.toLocaleString('en-US')} bytes`, {
    where,
    expected: 'a JSON array of one number or null for each row',
    remedy: 'let the server answer with the rewards alone',
  });
}

async function beginningOf(response: Response): Promise<string> {
  const { bytes } = await read(response, 4 * QUOTED);
  return new TextDecoder().decode(bytes).slice(0, QUOTED).trim();
}

/** The first `limit` bytes, and whether there are no more: a length that a server announces is not believed. */
async function read({ body }: Response, limit: number): Promise<{ readonly bytes: Uint8Array; readonly whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // leaving the loop closes the connection
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) return { bytes: Buffer.concat(chunks).subarray(0, limit), whole: false };
  }
  return { bytes: Buffer.concat(chunks), whole: true };
}

function statusError({ status, headers }: Response, said: string, where: string): RewardError | PassingError {
  const location = headers.get('location');
  const answer = said === '' ? '' : `: ${said}`;
  const error = new RewardError('REWARD_HTTP_STATUS', `the server answered with status ${status}${answer}`, {
    where,
    expected: 'status 200 with a JSON array',
    remedy: remedyOf(status, location),
  });
  return PASSING.has(status) ? new PassingError(error, retryAfter(headers.get('retry-after'))) : error;
}

function remedyOf(status: number, location: string | null): string {
  if (status >= 300 && status < 400)
    return `redirects are not followed: give the address itself${location === null ? '' : `, it says ${location}`}`;
  if (status === 401 || status === 403) return 'name the environment variable that holds the right header (rewards.http.headers in a run)';
  if (status === 413) return 'send fewer rows at once (rewards.http.batchSize in a run)';
  if (status === 429 || status === 503) return 'send less, or allow more retries (rewards.http.retries in a run)';
  return 'look into the log of the server';
}

function unreachable(error: unknown, { aborted }: AbortSignal, timeoutSeconds: number, where: string): PassingError {
  const reason =
    error instanceof Error && error.cause instanceof Error ? error.cause.message || (error.cause as { code?: string }).code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return new PassingError(
    new RewardError(
      'REWARD_HTTP_UNREACHABLE',
      aborted
        ? `no answer within ${timeoutSeconds} seconds`
        : `the server cannot be asked (${reason === undefined ? message : `${message}: ${reason}`})`,
      {
        where,
        remedy: aborted
          ? 'send fewer rows at once or allow more time (rewards.http.batchSize and rewards.http.timeoutSeconds in a run)'
          : 'see that the server runs and that its address is right',
        cause: error,
      },
    ),
  );
}
