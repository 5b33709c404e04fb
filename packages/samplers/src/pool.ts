import { setTimeout as sleep } from 'node:timers/promises';
import type { PassingError } from './errors.js';

/** One server of those that answer alike. */
export interface Replica {
  readonly url: string;
  /** Requests that are under way. */
  busy: number;
  /** Failures in a row. */
  failures: number;
  /** Not asked before this moment (`performance.now()`). */
  pausedUntil: number;
  /** What went wrong last. */
  lastError: string | undefined;
  /** Versions of the adapter that it has. */
  readonly loaded: Set<string>;
  /** Those with which it was seen to answer. */
  readonly verified: Set<string>;
  /** Versions that it was asked to load: an answer may have been lost. */
  readonly asked: Set<string>;
  /** What is being done before its next request, once for all that wait for it. */
  preparing: Promise<void> | undefined;
  /** It gives log-probabilities at the sampling temperature. */
  temperatureChecked: boolean;
}

/** Servers, and which of them is asked next. */
export interface Pool {
  replicas(): readonly Replica[];
  /** From now on these, none of them asked before. */
  replace(urls: readonly string[]): void;
  /** The least busy one that is not paused, another than `avoid` where there is one. Waits for it. @throws the signal's reason */
  acquire(avoid: Replica | undefined, signal: AbortSignal): Promise<Replica>;
  /** It has answered. */
  succeeded(replica: Replica): void;
  /** It is left alone for a while: as long as it asked, or twice as long as last time. */
  failed(replica: Replica, error: PassingError): void;
  /** The request is over. */
  release(replica: Replica): void;
}

/** The longest pause that a failing server is given; one that asks for more gets it. */
const LONGEST_PAUSE_MS = 30_000;

/** @param concurrency requests under way on one server @param pauseMs after the first failure; each further pause is twice as long */
export function createPool(urls: readonly string[], concurrency: number, pauseMs: number): Pool {
  let all: Replica[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resume of waiting) resume();
    waiting.clear();
  };
  const replace = (next: readonly string[]): void => {
    all = next.map((url) => ({
      url: url.replace(/\/+$/u, ''),
      busy: 0,
      failures: 0,
      pausedUntil: 0,
      lastError: undefined,
      loaded: new Set(),
      verified: new Set(),
      asked: new Set(),
      preparing: undefined,
      temperatureChecked: false,
    }));
    wake();
  };
  replace(urls);

  function best(avoid: Replica | undefined, now: number): Replica | undefined {
    const free = all.filter(({ busy, pausedUntil }) => busy < concurrency && pausedUntil <= now);
    const others = free.filter((replica) => replica !== avoid);
    return (others.length > 0 ? others : free).sort((a, b) => a.busy - b.busy)[0];
  }

  async function acquire(avoid: Replica | undefined, signal: AbortSignal): Promise<Replica> {
    for (;;) {
      signal.throwIfAborted();
      const now = performance.now();
      const found = best(avoid, now);
      if (found !== undefined) {
        found.busy += 1;
        return found;
      }
      const pauses = all.map(({ pausedUntil }) => pausedUntil - now).filter((left) => left > 0);
      const over = new AbortController();
      const changed = new Promise<void>((resolve) => waiting.add(resolve));
      const timer = pauses.length === 0 ? undefined : sleep(Math.ceil(Math.min(...pauses)), undefined, { signal: over.signal });
      const aborted = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal }),
      );
      await Promise.race([changed, aborted, ...(timer === undefined ? [] : [timer.catch(() => undefined)])]);
      over.abort();
    }
  }

  return {
    replicas: () => all,
    replace,
    acquire,
    succeeded(replica) {
      replica.failures = 0;
      replica.lastError = undefined;
    },
    failed(replica, { message, waitMs }) {
      replica.lastError = message;
      const now = performance.now();
      // the requests that were under way when it died are one failure
      if (replica.pausedUntil > now && waitMs === undefined) return;
      replica.failures += 1;
      const pause = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** (replica.failures - 1));
      replica.pausedUntil = Math.max(replica.pausedUntil, now + Math.max(waitMs ?? 0, pause));
    },
    release(replica) {
      replica.busy -= 1;
      wake();
    },
  };
}
