import { setTimeout as sleep } from 'node:timers/promises';
import { RewardError } from '../errors.js';
import { PassingError } from './request.js';

/** A server that asks for more patience than this is not waited for. */
const LONGEST_WAIT_MS = 300_000;
/** Pauses grow up to here. */
const LONGEST_PAUSE_MS = 30_000;

/** How often a request is made again. */
export interface Retries {
  /** Tries after the first. */
  readonly retries: number;
  /** The first pause, doubled each time, where the server does not say how long. */
  readonly pauseSeconds: number;
}

/** Does `work` again while its error is one that may pass. @throws the last error, which says how often it was tried */
export async function retry<T>({ retries, pauseSeconds }: Retries, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PassingError)) throw error;
      const { lasting, waitMs } = error;
      if (failures > retries) throw said(lasting, failures === 1 ? '' : ` (tried ${failures} times)`);
      if (waitMs !== undefined && waitMs > LONGEST_WAIT_MS)
        throw said(lasting, `; it asks to wait for ${Math.ceil(waitMs / 60_000)} minutes`);
      await sleep(waitMs ?? Math.min(LONGEST_PAUSE_MS, pauseSeconds * 1000 * 2 ** (failures - 1)));
    }
  }
}

function said({ code, what, where, expected, remedy, cause }: RewardError, more: string): RewardError {
  return new RewardError(code, `${what}${more}`, {
    ...(where === undefined ? {} : { where }),
    ...(expected === undefined ? {} : { expected }),
    ...(remedy === undefined ? {} : { remedy }),
    cause,
  });
}
