import { setTimeout as sleep } from 'node:timers/promises';
import { HubError, interrupted, PassingError } from './errors.js';
import type { Hub } from './options.js';

/** Tries in a row that bring nothing, after which an error counts as lasting. */
const TRIES = 5;
/** A server that has never answered is tried this often: without a network the user should not have to wait. */
const FIRST_TRIES = 2;
/** A server that asks for more patience than this is not waited for. */
const LONGEST_WAIT_MS = 300_000;

/** What a series of requests knows of its server. */
export interface Contact {
  /** It has answered before. */
  reached: boolean;
}

/**
 * Does `work` again while its error is one that may pass, with growing pauses, or those that the server asks for.
 * @param progress a number that grows when a try brought something: tries are counted from there anew
 */
export async function retry<T>(
  hub: Hub,
  model: string,
  contact: Contact,
  work: () => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  let failures = 0;
  let best = progress();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PassingError)) throw error;
      failures = progress() > best ? 1 : failures + 1;
      best = Math.max(best, progress());
      const { lasting, waitMs = hub.pauseMs * 2 ** (failures - 1) } = error;
      if (failures >= (contact.reached ? TRIES : FIRST_TRIES)) throw lasting;
      if (waitMs > LONGEST_WAIT_MS) throw later(lasting, waitMs);
      await sleep(waitMs, undefined, { ...(hub.signal === undefined ? {} : { signal: hub.signal }) }).catch(() => {
        throw interrupted(model);
      });
    }
  }
}

function later({ code, where }: HubError, waitMs: number): HubError {
  const minutes = Math.ceil(waitMs / 60_000);
  return new HubError(code, `the server asks to wait for ${minutes} minutes`, {
    ...(where === undefined ? {} : { where }),
    remedy: 'start again then: what has arrived is kept; with a token (HF_TOKEN) the hub allows more',
  });
}
