import { EXIT, printError } from '@expctr/core';
import { LmError } from '../errors.js';

/** What Ctrl-C asks of a command. */
export interface InterruptSignal {
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Listens while some work is done. */
  readonly whileListening: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Listens for signals where a command can be ended in an orderly way. */
export function interruptSignal(): InterruptSignal {
  const controller = new AbortController();
  const pressed = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    printError('\nending (Ctrl-C again to end at once)');
    controller.abort(new LmError('LM_INTERRUPTED', 'interrupted'));
  };
  return {
    signal: controller.signal,
    async whileListening(work) {
      process.on('SIGINT', pressed);
      process.on('SIGTERM', pressed);
      try {
        return await work();
      } finally {
        process.off('SIGINT', pressed);
        process.off('SIGTERM', pressed);
      }
    },
  };
}
