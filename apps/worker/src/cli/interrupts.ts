import { EXIT } from '@expctr/core';

/** What a user who wants a worker to end asks of it. */
export interface Interrupts {
  /** Ctrl-C: finish what is under way. */
  readonly stop: AbortSignal;
  /** A second Ctrl-C, or SIGTERM: give back what is under way. */
  readonly giveBack: AbortSignal;
  /** Stops listening. */
  readonly end: () => void;
}

/** Listens for signals; a third Ctrl-C ends the process at once. */
export function interrupts(say: (text: string) => void): Interrupts {
  const stop = new AbortController();
  const giveBack = new AbortController();
  let presses = 0;
  const give = (): void => {
    stop.abort();
    giveBack.abort();
  };
  const pressed = (): void => {
    presses += 1;
    if (presses === 1) {
      say('\ninterrupted: finishing what is under way (Ctrl-C again to give it back at once)');
      stop.abort();
    } else if (presses === 2) give();
    else process.exit(EXIT.interrupted);
  };
  process.on('SIGINT', pressed);
  process.on('SIGTERM', give);
  return {
    stop: stop.signal,
    giveBack: giveBack.signal,
    end() {
      process.off('SIGINT', pressed);
      process.off('SIGTERM', give);
    },
  };
}
