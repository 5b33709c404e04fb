import type { ResolvedFitOptions } from './options.js';

/** What earlier epochs have decided about later ones. Plain JSON: a checkpoint holds it. */
export interface Schedule {
  /** The epoch with the smallest validation log-loss; 0 before the first. */
  readonly bestEpoch: number;
  /** That loss; null before the first epoch. */
  readonly bestLoss: number | null;
  /** What the learning rates are multiplied by. */
  readonly scale: number;
  /** Epochs since the loss was smallest, or the learning rate was last reduced. */
  readonly waited: number;
  /** Whether no epoch is to follow. */
  readonly stopped: boolean;
}

/** Before the first epoch. */
export const FRESH_SCHEDULE: Schedule = { bestEpoch: 0, bestLoss: null, scale: 1, waited: 0, stopped: false };

/** How a fit goes on after an epoch: early stopping, and a smaller learning rate on a plateau. */
export function afterEpoch(
  { bestEpoch, bestLoss, scale, waited }: Schedule,
  epoch: number,
  validLoss: number,
  { patience, plateauFactor, plateauPatience }: Pick<ResolvedFitOptions, 'patience' | 'plateauFactor' | 'plateauPatience'>,
): Schedule {
  if (bestLoss === null || validLoss < bestLoss) return { bestEpoch: epoch, bestLoss: validLoss, scale, waited: 0, stopped: false };
  const isPlateau = waited + 1 >= plateauPatience;
  return {
    bestEpoch,
    bestLoss,
    scale: isPlateau ? scale * plateauFactor : scale,
    waited: isPlateau ? 0 : waited + 1,
    stopped: epoch - bestEpoch >= patience,
  };
}
