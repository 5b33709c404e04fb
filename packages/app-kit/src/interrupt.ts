import { EXIT } from '@expctr/core';

/** What Ctrl-C, and a system that wants a command to end, ask of it. */
export interface InterruptSignal {
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Listens while some work is done, which can end in an orderly way. */
  readonly whileListening: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
}

/** @param asked is called by the first signal, says what will happen now, and may give the reason of the abort */
export function interruptSignal(asked: () => unknown): InterruptSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const pressed = (): void => {
    if (signal.aborted) process.exit(EXIT.interrupted);
    else controller.abort(asked());
  };
  return {
    signal,
    async whileListening(work) {
      process.on('SIGINT', pressed);
      process.on('SIGTERM', pressed);
      try {
        return await work(signal);
      } finally {
        process.off('SIGINT', pressed);
        process.off('SIGTERM', pressed);
      }
    },
  };
}
