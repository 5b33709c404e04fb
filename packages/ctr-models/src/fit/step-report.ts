/** How far a fit is, after a step. */
export interface StepReport {
  /** The epoch that the step is of, from 1. */
  readonly epoch: number;
  /** The most epochs there will be. */
  readonly epochs: number;
  /** Steps done in this epoch. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Training rows learned from in a second, since this process began with the fit, validation included; 0 before a clock tick has passed. */
  readonly rowsPerSecond: number;
  /** Seconds to the end of the last epoch at that rate; early stopping ends sooner. Infinity where the rate is 0. */
  readonly secondsLeft: number;
}

/** Makes step reports. @param now a clock in milliseconds */
export function createPace(
  { rows, epochs, steps, done }: { rows: number; epochs: number; steps: number; done: number },
  now: () => number,
): (epoch: number, step: number, rowsOfEpoch: number) => StepReport {
  const began = now();
  return (epoch, step, rowsOfEpoch) => {
    const learned = (epoch - 1) * rows + rowsOfEpoch;
    const seconds = (now() - began) / 1000;
    const rowsPerSecond = seconds > 0 ? (learned - done * rows) / seconds : 0;
    return {
      epoch,
      epochs,
      step,
      steps,
      rowsPerSecond,
      secondsLeft: (epochs * rows - learned) / rowsPerSecond || (rowsPerSecond > 0 ? 0 : Infinity),
    };
  };
}
