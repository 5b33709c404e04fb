import { EXIT } from '@expctr/core';

/** What the system asks of a server. */
export interface StopSignals {
  /** Fulfilled by the first SIGTERM or SIGINT; a second one ends the process at once. */
  readonly stop: Promise<void>;
  /** Says what SIGHUP does. */
  onReload(reload: () => void): void;
  /** Stops listening. */
  end(): void;
}

/** Listens for signals. */
export function stopSignals(): StopSignals {
  let reload: () => void = () => undefined;
  let asked: () => void = () => undefined;
  let isAsked = false;
  const stop = new Promise<void>((resolve) => (asked = resolve));
  const onStop = (): void => {
    if (isAsked) process.exit(EXIT.interrupted);
    isAsked = true;
    asked();
  };
  const onHangup = (): void => reload();
  process.on('SIGTERM', onStop);
  process.on('SIGINT', onStop);
  process.on('SIGHUP', onHangup);
  return {
    stop,
    onReload: (then) => (reload = then),
    end() {
      process.off('SIGTERM', onStop);
      process.off('SIGINT', onStop);
      process.off('SIGHUP', onHangup);
    },
  };
}
