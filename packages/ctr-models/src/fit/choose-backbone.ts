import { checkOptions, type Rng, type OptionKeys } from '@expctr/core';
import type { Backbone } from '../backbones/backbone.js';
import { CtrError } from '../errors.js';
import type { Features } from '../features/encode.js';
import { auc } from '../metrics/auc.js';
import type { CtrModel } from '../model/ctr-model.js';
import type { EpochReport } from './epoch-report.js';
import { fitCtr, type FitCtrParameters } from './fit-ctr.js';

/** A backbone that may be chosen, and what it would learn from. */
export interface BackboneCandidate extends Pick<FitCtrParameters, 'backbone' | 'options' | 'train'> {
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
  /** Called after each epoch of each candidate, with its place among them. */
  readonly onEpoch?: (candidate: number, report: EpochReport) => void;
}

/** What was chosen, and why. */
export interface BackboneChoice {
  /** Place of the candidate with the highest AUC on the validation rows. */
  readonly chosen: number;
  /** That AUC, of every candidate. */
  readonly validAuc: readonly number[];
  /** The chosen model. */
  readonly model: CtrModel;
}

const CHOOSE_BACKBONE_OPTIONS: OptionKeys<ChooseBackboneParameters> = { candidates: true, backbones: true, rng: true, onEpoch: true };

/**
 * Fits every candidate and chooses the one that ranks the validation rows best. No other rows are looked at. Models that are not
 * chosen are freed.
 * @throws CtrError `CTR_BACKBONE` without candidates, and what {@link fitCtr} throws
 */
export async function chooseBackbone(parameters: ChooseBackboneParameters): Promise<BackboneChoice> {
  checkOptions('chooseBackbone', parameters, CHOOSE_BACKBONE_OPTIONS);
  const { candidates, backbones = [], rng, onEpoch } = parameters;
  let best: { readonly chosen: number; readonly model: CtrModel } | undefined;
  const validAuc: number[] = [];
  for (const [at, candidate] of candidates.entries()) {
    const model = await fitCtr({ ...candidate, backbones, rng, onEpoch: (report) => onEpoch?.(at, report) });
    validAuc.push(auc(candidate.valid.labels, await model.predict(candidate.valid)));
    const isBest = best === undefined || validAuc[at]! > validAuc[best.chosen]!;
    await (isBest ? best?.model : model)?.dispose();
    if (isBest) best = { chosen: at, model };
  }
  if (best !== undefined) return { ...best, validAuc };
  throw new CtrError('CTR_BACKBONE', 'there is no backbone to choose from', {
    where: 'chooseBackbone',
    expected: 'at least one candidate',
    remedy: 'name one',
  });
}
