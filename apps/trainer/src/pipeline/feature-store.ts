import type { Rng } from '@expctr/core';
import { buildFeatures, findBackbone, type Backbone, type DenseVectors, type Features, type TableDefinition } from '@expctr/ctr-models';
import { rowsOf, type Interactions, type Items } from '@expctr/data';

/** What a CTR model stands on, whatever vectors are added to it. */
export interface Basis {
  /** Name of its backbone. */
  readonly backbone: string;
  /** L2 penalty on table rows. */
  readonly embeddingL2: number;
  /** Whether h(u, i) also says in numbers how the visible history met each attribute of the target. */
  readonly evidence: boolean;
}

/** Rows that a CTR model is fitted on, under a name that no other rows of the run have. */
export interface FitRows {
  readonly name: string;
  readonly rows: Uint32Array;
}

/** h(u, i) of every interaction by the rows that vocabularies are fitted on and the model that they are for, built once a run. */
export type FeatureStore = (fit: FitRows, basis: Pick<Basis, 'backbone' | 'evidence'>) => Features;

/** What features have beside IDs, item attributes and history. */
export interface FeatureOptions {
  /** Dense features of all of them, such as the items' images, by name. */
  readonly vectors?: Readonly<Record<string, DenseVectors>>;
  /** How tables are made, by name. */
  readonly tables?: Readonly<Record<string, TableDefinition>>;
}

/**
 * The same features for every predictor of a basis: IDs, item attributes and the history, so that these differ in their vectors alone.
 * @param backbones those that a basis may name
 * @throws CtrError `CTR_OPTION` naming the tables that there are, for one that there is not
 */
export function createFeatureStore(
  interactions: Interactions,
  items: Items,
  backbones: readonly Backbone[],
  { vectors = {}, tables = {} }: FeatureOptions = {},
): FeatureStore {
  const built = new Map<string, Features>();
  return ({ name, rows: fitRows }, { backbone, evidence }) => {
    const events = findBackbone(backbone, backbones).usesSequences === true;
    const key = JSON.stringify([name, evidence, events]);
    const known =
      built.get(key) ??
      buildFeatures({ interactions, items, rows: interactions.interactionId, fitRows, evidence, events, vectors, tables });
    built.set(key, known);
    return known;
  };
}

/** The CTR slice, whose labels the policy has not seen. */
export function ctrSlice(interactions: Interactions): FitRows {
  return { name: 'ctr', rows: rowsOf(interactions, 'train', 'ctr') };
}

/** The whole train split. */
export function trainSplit(interactions: Interactions): FitRows {
  return { name: 'train', rows: rowsOf(interactions, 'train') };
}

/** `size` rows of the CTR slice, drawn by `rng`; a larger part from the same stream holds every smaller one. */
export function partOfCtrSlice(interactions: Interactions, size: number, rng: Rng): FitRows {
  return { name: `ctr-${size}`, rows: rng.fork('learning-curve').shuffle(ctrSlice(interactions).rows.slice()).slice(0, size).sort() };
}
