import type { Rng } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { auc } from '../metrics/auc.js';
import type { CtrModel } from '../model/ctr-model.js';
import type { EpochReport } from './epoch-report.js';
import { fitCtr, type FitCtrParameters } from './fit-ctr.js';

/** A backbone that may be chosen, and what it would learn from. */
export interface BackboneCandidate extends Pick<FitCtrParameters, 'options' | 'train'> {
  /** A name in the table of backbones or among `backbones`. */
  readonly backbone: string;
  /** The rows that decide, of all candidates the same; they also decide when to stop. */
  readonly valid: Features;
}

/** Parameters of {@link chooseBackbone}. */
export interface ChooseBackboneParameters {
  /** In order of preference: of equals the first is taken. */
  readonly candidates: readonly BackboneCandidate[];
  /** Backbones of one's own that a candidate may name. */
  readonly backbones?: readonly Backbone[];
  /** As for {@link fitCtr}: every candidate has the same streams, so the one that is chosen is what `fitCtr` alone would give. */
  readonly rng: Rng;
  /** Called after each epoch of each candidate. */
  readonly onEpoch?: (backbone: string, report: EpochReport) => void;
}

/** What was chosen, and why. */
export interface BackboneChoice {
  /** Name of the candidate with the highest AUC on the validation rows. */
  readonly backbone: string;
  /** Every candidate, in the order given, with that AUC. */
  readonly candidates: readonly { readonly backbone: string; readonly validAuc: number }[];
}

/**
 * Fits every candidate and chooses the one that ranks the validation rows best. No other rows are looked at.
 * @returns the choice, and the chosen model; the others are freed
 * @throws CtrError `CTR_BACKBONE` without candidates, and what {@link fitCtr} throws
 */
export async function chooseBackbone({
  candidates,
  backbones = [],
  rng,
  onEpoch,
}: ChooseBackboneParameters): Promise<{ readonly choice: BackboneChoice; readonly model: CtrModel }> {
  let best: { readonly backbone: string; readonly validAuc: number; readonly model: CtrModel } | undefined;
  const judged: { backbone: string; validAuc: number }[] = [];
  for (const { backbone, train, valid, options } of candidates) {
    const model = await fitCtr({
      backbone,
      backbones,
      train,
      valid,
      ...(options === undefined ? {} : { options }),
      rng,
      onEpoch: (report) => onEpoch?.(backbone, report),
    });
    const validAuc = auc(valid.labels, await model.predict(valid));
    judged.push({ backbone, validAuc });
    const [kept, freed] = best === undefined || validAuc > best.validAuc ? [{ backbone, validAuc, model }, best?.model] : [best, model];
    best = kept;
    await freed?.dispose();
  }
  if (best === undefined) {
    throw new CtrError('CTR_BACKBONE', 'there is no backbone to choose from', {
      where: 'chooseBackbone',
      expected: 'at least one candidate',
      remedy: 'name one',
    });
  }
  return { choice: { backbone: best.backbone, candidates: judged }, model: best.model };
}
