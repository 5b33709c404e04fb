/** A rung of successive halving: how many trials it has, and to which epoch they are trained. */
export interface Rung {
  /** Trials. */
  readonly trials: number;
  /** Epochs, those of the rungs before included. */
  readonly epochs: number;
}

/**
 * The rungs of successive halving (Jamieson & Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
 * algorithm 1; the synchronous form of ASHA, Li et al. 2020): each has the best 1 / `reduction` of the trials before, and `reduction` times
 * the epochs, until the last epochs are reached.
 */
export function rungsOf(trials: number, firstEpochs: number, epochs: number, reduction: number): Rung[] {
  const rungs: Rung[] = [];
  let [left, reached] = [trials, Math.min(firstEpochs, epochs)];
  for (;;) {
    rungs.push({ trials: left, epochs: reached });
    if (reached === epochs) return rungs;
    left = Math.max(1, Math.floor(left / reduction));
    reached = Math.min(epochs, reached * reduction);
  }
}
