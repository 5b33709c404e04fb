import { reasonOf, retryAfter } from '@expctr/core';
import { HubError, interrupted, PassingError } from './errors.js';
import type { Hub } from './options.js';
import type { Contact } from './retry.js';

/** A question to the server. */
export interface Question {
  /** `owner/name`, for errors. */
  readonly model: string;
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** `manual` gives a redirection as it is. Default: it is followed, without the token where it leads to another server. */
  readonly redirect?: 'follow' | 'manual';
  /** Statuses that are no error beside 200 to 299. */
  readonly allowed?: readonly number[];
}

/** An answer whose body has not been read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body. A stall or a broken connection is a {@link PassingError}. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Lets go of the connection. */
  close(): void;
}

/** Asks once. @throws PassingError for what may pass, HubError for the rest */
export async function ask(hub: Hub, contact: Contact, question: Question): Promise<Answer> {
  const { model, url, method = 'GET', headers = {}, redirect = 'follow', allowed = [] } = question;
  if (hub.signal?.aborted === true) throw interrupted(model);
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`nothing arrived for ${hub.idleMs / 1000} seconds`));
  }, hub.idleMs);
  const signal = hub.signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, hub.signal]);
  const broken = (error: unknown): Error => {
    clearTimeout(timer);
    if (hub.signal?.aborted === true) return interrupted(model);
    return new PassingError(
      (contact.reached ? brokenOff : unreachable)(hub, model, stalled.signal.aborted ? stalled.signal.reason : error),
    );
  };
  let response: Response;
  try {
    response = await hub.fetch(url, {
      method,
      redirect,
      signal,
      // a compressed body has another length, and ranges of its own
      headers: { 'accept-encoding': 'identity', ...(hub.token === undefined ? {} : { authorization: `Bearer ${hub.token}` }), ...headers },
    });
  } catch (error) {
    throw broken(error);
  }
  contact.reached = true;
  const close = (): void => {
    clearTimeout(timer);
    stalled.abort();
  };
  if (!response.ok && !allowed.includes(response.status)) {
    close();
    throw statusError(hub, model, url, response);
  }
  return {
    status: response.status,
    headers: response.headers,
    close,
    async *chunks() {
      const reader = response.body?.getReader();
      try {
        for (;;) {
          const next = await reader?.read();
          if (next === undefined || next.done) return;
          timer.refresh();
          yield next.value as Uint8Array;
        }
      } catch (error) {
        throw broken(error);
      } finally {
        close();
      }
    },
  };
}

/** The error of a server that cannot be reached, with every way to go on without it. */
function unreachable({ endpoint, cacheDir }: Hub, model: string, error: unknown): HubError {
  return new HubError(
    'HUB_UNREACHABLE',
    `there is no such folder here, the model is not complete in the cache, and ${endpoint} cannot be reached (${reasonOf(error)})`,
    {
      where: model,
      expected: 'a network connection, or the files of the model on this machine',
      remedy: `name a folder that holds the model, or copy its folder from the cache of a machine that has it into ${cacheDir}, or name a mirror (HF_ENDPOINT)`,
      cause: error,
    },
  );
}

function brokenOff({ endpoint }: Hub, model: string, error: unknown): HubError {
  return new HubError('HUB_UNREACHABLE', `the connection to ${endpoint} breaks off again and again (${reasonOf(error)})`, {
    where: model,
    remedy: 'start again: what has arrived is kept, and the rest is fetched',
    cause: error,
  });
}

function statusError({ endpoint, token }: Hub, model: string, url: string, { status, headers }: Response): HubError | PassingError {
  const said = headers.get('x-error-code');
  const error = (code: string, what: string, remedy: string, expected?: string): HubError =>
    new HubError(code, what, { where: model, remedy, wrongUse: code === 'HUB_NOT_FOUND', ...(expected === undefined ? {} : { expected }) });
  if (status === 429 || status === 408 || status === 425 || status >= 500) {
    return new PassingError(
      error(
        'HUB_BUSY',
        `the server goes on answering ${status}`,
        'start again later: what has arrived is kept; with a token (HF_TOKEN) the hub allows more',
      ),
      retryAfter(headers.get('retry-after')),
    );
  }
  if (said === 'RevisionNotFound') return error('HUB_NOT_FOUND', 'the model has no such revision', 'check what stands after the @');
  if (said === 'GatedRepo' || status === 403) {
    const remedy = `accept the terms on ${endpoint}/${model}, and give a token that may read it (HF_TOKEN)`;
    return error('HUB_DENIED', `the model may not be read ${token === undefined ? 'without a token' : 'with this token'}`, remedy);
  }
  if (status === 401 && said !== 'RepoNotFound' && token !== undefined) {
    return error('HUB_DENIED', 'the server does not accept the token', 'check it, or leave it out (HF_TOKEN) for a public model');
  }
  if (status === 401 || status === 404) {
    const expected = 'a folder here, or the id of a model on the hub, such as HuggingFaceTB/SmolLM2-135M-Instruct';
    const private_ = token === undefined ? 'give a token (HF_TOKEN) where it is private' : 'make sure that the token may read it';
    return error(
      'HUB_NOT_FOUND',
      `there is neither such a folder here nor such a model on ${endpoint}`,
      `check the name; ${private_}`,
      expected,
    );
  }
  return error('HUB_BAD_ANSWER', `the server answered ${status} to ${url}`, 'check the endpoint (HF_ENDPOINT)');
}
